"""The two processes besides PostgreSQL: the AWS endpoint and the database gate, started and waited for."""

import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from beforehand_cli.local import wire
from beforehand_cli.local.aws import PLAIN_HTTP, without_aws, without_proxies
from beforehand_cli.local.certificates import ServerCertificate
from beforehand_cli.local.database_gate import GateSettings
from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.processes import ProcessRecord, start_detached, stop, tail, wait_until
from beforehand_cli.local.settings import ADDRESS, EmulatorSettings

EMULATOR_SECONDS = 60.0
GATE_SECONDS = 20.0


class ServiceDiedError(LocalError):
    """The {name} did not come up within {seconds:.0f} seconds. The end of its log {log}:
    {tail}"""


def start_emulator(settings: EmulatorSettings, *, log: Path) -> ProcessRecord:
    """Start the AWS endpoint and wait until it answers.

    Raises:
        ServiceDiedError: it ended, or did not answer in time.
    """
    shutil.rmtree(settings.scratch, ignore_errors=True)
    settings.scratch.mkdir(parents=True)
    environment = without_aws(without_proxies(os.environ)) | settings.to_env()
    record = start_detached(
        [sys.executable, "-m", "beforehand_cli.local.emulator_process", settings.model_dump_json()],
        environment=environment,
        log=log,
    )
    _wait(record, lambda: emulator_answers(settings.endpoint()), "AWS endpoint", EMULATOR_SECONDS, log)
    return record


def start_gate(settings: GateSettings, certificate: ServerCertificate, *, log: Path) -> ProcessRecord:
    """Start the gate and wait until it speaks verified TLS.

    Raises:
        ServiceDiedError: it ended, or did not answer in time.
    """
    record = start_detached(
        [sys.executable, "-m", "beforehand_cli.local.database_gate", settings.model_dump_json()],
        environment=os.environ,
        log=log,
    )
    _wait(
        record,
        lambda: gate_answers(settings.port, certificate.authority),
        "database gate",
        GATE_SECONDS,
        log,
    )
    return record


def emulator_answers(endpoint: str) -> bool:
    """Whether the AWS endpoint is up."""
    health = f"{endpoint}/_ministack/health"
    try:
        answer = httpx.get(health, timeout=5, trust_env=False, verify=PLAIN_HTTP)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


def gate_answers(port: int, authority: Path) -> bool:
    """Whether the gate offers TLS with a certificate of the local authority."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with socket.create_connection((ADDRESS, port), timeout=5) as connection:
            connection.sendall(wire.ASK_FOR_TLS)
            if connection.recv(1) != b"S":
                return False
            with context.wrap_socket(connection, server_hostname=ADDRESS):
                return True
    except OSError:
        return False


def _wait(record: ProcessRecord, answers: Callable[[], bool], name: str, seconds: float, log: Path) -> None:
    try:
        wait_until(lambda: answers() or not record.is_running(), seconds=seconds)
    except KeyboardInterrupt:  # nobody has noted it yet, so nobody could end it later
        stop(record)
        raise
    if not (record.is_running() and answers()):
        stop(record)
        raise ServiceDiedError(name=name, seconds=seconds, log=log, tail=tail(log))
