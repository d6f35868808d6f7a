"""`beforehand up` and `beforehand down`: the whole local stack, started and stopped, as often as one likes."""

import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from beforehand_cli.local import ports, sink
from beforehand_cli.local.admin import ensure_admin
from beforehand_cli.local.aws import endpoint
from beforehand_cli.local.certificates import ServerCertificate, ensure_certificates
from beforehand_cli.local.database_gate import GateSettings
from beforehand_cli.local.deploy import Deployment
from beforehand_cli.local.node import Tools, ensure_tools
from beforehand_cli.local.postgres import DATABASE, MASTER_USER, Postgres
from beforehand_cli.local.processes import ProcessRecord, stop
from beforehand_cli.local.progress import Report, step
from beforehand_cli.local.roles import ensure_master_password, ensure_roles
from beforehand_cli.local.services import emulator_answers, gate_answers, start_emulator, start_gate
from beforehand_cli.local.settings import EmulatorSettings
from beforehand_cli.local.state import State, StateDirectory

EMULATOR, GATE = "emulator", "gate"


@dataclass(frozen=True, kw_only=True, slots=True)
class PreferredPorts:
    """Where the services listen on 127.0.0.1 unless somebody else does."""

    aws: int = ports.AWS_PORT
    database: int = ports.DATABASE_PORT


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where things are when `up` is done."""

    endpoint: str
    mailbox: str
    database_port: int
    database_ca: Path
    outputs: Path


def up(
    project_root: Path,
    *,
    report: Report,
    deploy: bool = True,
    context: Mapping[str, str] | None = None,
    preferred: PreferredPorts | None = None,
) -> Addresses:
    """Start what does not run, deploy what has changed, and leave the rest alone.

    Args:
        project_root: where cdk.json lies.
        report: gets a line for each step.
        deploy: False starts the services only.
        context: further `-c` values for the app.
        preferred: where to listen, unless somebody else does; the usual ports when None.

    Raises:
        AnotherCommandRunsError, ToolInstallError, PostgresFailedError, ServiceDiedError, DeployFailedError:
            each says what to do.
    """
    directory = StateDirectory.of(project_root)
    directory.create()
    with directory.locked():
        with step(report, "Tools ready"):
            tools = ensure_tools(directory)
        stack = Stack(project_root, directory, tools, preferred or PreferredPorts(), directory.load())
        return stack.up(report, deploy=deploy, context=context or {})


def down(project_root: Path, *, report: Report, remove_data: bool = False) -> None:
    """Stop what `up` started, in the order that lets each finish: gate, AWS endpoint, PostgreSQL.

    Finds them where the state file is lost or broken, too. With `remove_data`, the next `up` begins anew.

    Raises:
        AnotherCommandRunsError, ProcessStillRunsError, PostgresFailedError: each says what to do.
    """
    directory = StateDirectory.of(project_root)
    if not directory.root.exists() and not Postgres.exists_for(directory.postgres):
        report("Nothing ran")
        return
    with directory.locked():
        tools = Tools(directory=directory.tools)
        Stack(project_root, directory, tools, PreferredPorts(), directory.recover()).down(report)
        if remove_data:
            with step(report, "Data removed"):
                _remove_data(directory, tools)


def _remove_data(directory: StateDirectory, tools: Tools) -> None:
    """Remove the database and, since it would believe them deployed, what the AWS endpoint keeps of the stacks."""
    native = tools.postgres()
    own = native.resolve().is_relative_to(directory.root)  # else another project runs from the same binaries
    Postgres.remove(directory.postgres, native=native if own else None)
    for folder in (directory.aws_state, directory.aws_objects, directory.pids):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (
        directory.outputs,
        directory.master_password,
        directory.admin_password,
        directory.session,
        directory.file,
    ):
        file.unlink(missing_ok=True)


class Stack:
    """The local services of one project, under its state directory's lock."""

    def __init__(
        self, project_root: Path, directory: StateDirectory, tools: Tools, preferred: PreferredPorts, state: State
    ) -> None:
        self._project_root = project_root
        self._preferred = preferred
        self._directory = directory
        self._tools = tools
        self._state = state
        self._postgres = Postgres.at(directory.postgres, native=tools.postgres())

    def up(self, report: Report, *, deploy: bool, context: Mapping[str, str]) -> Addresses:
        """Bring everything up, remembering each process as soon as it runs."""
        self._choose_ports(report)
        with step(report, "PostgreSQL runs"):
            password = ensure_master_password(self._directory.master_password)
            certificate = ensure_certificates(
                self._directory.certificates, authority=self._directory.database_ca, as_of=datetime.now(UTC)
            )
            if self._postgres.pid() is None:
                self._postgres.start()
                ensure_roles(self._postgres.socket, master_password=password)
        with step(report, "Database gate runs"):
            self._ensure_gate(certificate)
        with step(report, "AWS endpoint runs"):
            settings = self._emulator_settings()
            self._ensure_emulator(settings)
        if deploy:
            self._deploy(report, context)
            ensure_admin(self._directory, endpoint=settings.endpoint(), region=self._state.region)
        return Addresses(
            endpoint=settings.endpoint(),
            mailbox=f"{settings.endpoint()}/mailbox",
            database_port=settings.database_port,
            database_ca=self._directory.database_ca,
            outputs=self._directory.outputs,
        )

    def down(self, report: Report) -> None:
        """Stop the three and wait for the end of each."""
        ran = False
        for name, title in ((GATE, "Database gate"), (EMULATOR, "AWS endpoint")):
            if self._runs(name):
                ran = True
                with step(report, f"{title} stopped"):
                    self._end(name)
            self._forget(name)
        if self._postgres.pid() is not None:
            ran = True
            with step(report, "PostgreSQL stopped"):
                self._postgres.stop()
        if not ran:
            report("Nothing ran")

    def _choose_ports(self, report: Report) -> None:
        """Keep the ports of what runs; else the remembered ones if they are still free, else others."""
        if not self._runs(EMULATOR):
            self._state.aws_port = _choose_port(self._preferred.aws, self._state.aws_port, report)
        if not self._runs(GATE):
            self._state.database_port = _choose_port(self._preferred.database, self._state.database_port, report)
        self._directory.save(self._state)

    def _ensure_gate(self, certificate: ServerCertificate) -> None:
        port = _known(self._state.database_port)
        if self._runs(GATE) and gate_answers(port, certificate.authority):
            return
        self._end(GATE)
        settings = GateSettings(
            port=port,
            socket=self._postgres.socket,
            certificate=certificate.certificate,
            key=certificate.key,
            region=self._state.region,
        )
        self._remember(GATE, start_gate(settings, certificate, log=self._directory.logs / "database-gate.log"))

    def _ensure_emulator(self, settings: EmulatorSettings) -> None:
        if self._runs(EMULATOR) and emulator_answers(settings.endpoint()):
            return
        self._end(EMULATOR)
        self._remember(EMULATOR, start_emulator(settings, log=self._directory.logs / "aws-endpoint.log"))

    def _deploy(self, report: Report, context: Mapping[str, str]) -> None:
        values = {
            "stage": "local",
            "database_port": str(_known(self._state.database_port)),
            "database_ca": str(self._directory.database_ca),
            "webhook_url": f"{endpoint(self._state)}{sink.PATH}",
            "public_url": f"{endpoint(self._state)}/_aws/execute-api/{{api}}/$default",
            **context,
        }
        deployment = Deployment(self._project_root, self._directory, self._state, self._tools, values)
        if deployment.is_current():
            report("Stacks are as the project has them")
            return
        with step(report, "AWS endpoint prepared for cdk"):
            deployment.bootstrap()
        with step(report, "Stacks deployed"):
            deployment.deploy(report)
        # Written down now, so that a crash later does not cost the deploy.
        self._state.processes[EMULATOR].signal(signal.SIGUSR1)

    def _emulator_settings(self) -> EmulatorSettings:
        return EmulatorSettings(
            port=_known(self._state.aws_port),
            region=self._state.region,
            state=self._directory.aws_state,
            objects=self._directory.aws_objects,
            scratch=self._directory.root / "aws" / "scratch",
            database_port=_known(self._state.database_port),
            database_name=DATABASE,
            master_user=MASTER_USER,
            master_password_file=self._directory.master_password,
        )

    def _runs(self, name: str) -> bool:
        record = self._state.processes.get(name)
        return record is not None and record.is_running()

    def _end(self, name: str) -> None:
        """Stop one that runs but does not answer."""
        record = self._state.processes.get(name)
        if record is not None:
            stop(record, seconds=30)

    def _remember(self, name: str, record: ProcessRecord) -> None:
        self._state.processes[name] = record
        self._directory.save(self._state)

    def _forget(self, name: str) -> None:
        self._state.processes.pop(name, None)
        self._directory.save(self._state)


def _choose_port(preferred: int, remembered: int | None, report: Report) -> int:
    wanted = preferred if remembered is None else remembered
    chosen = ports.choose(preferred, remembered=remembered)
    if chosen != wanted:
        report(f"Port {wanted} is taken, using {chosen}")
    return chosen


def _known(port: int | None) -> int:
    if port is None:
        raise ValueError("ports are chosen first")
    return port
