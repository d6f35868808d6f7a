"""What RDS does in front of PostgreSQL, done by the gate: TLS, tokens, and nobody in by mistake."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand_cli.local import ports, roles, wire
from beforehand_cli.local.certificates import ServerCertificate, ensure_certificates
from beforehand_cli.local.database_gate import GateSettings
from beforehand_cli.local.node import Tools
from beforehand_cli.local.postgres import DATABASE, MASTER_USER, Postgres, throwaway
from beforehand_cli.local.processes import ProcessRecord, stop, wait_until
from beforehand_cli.local.services import start_gate
from tests.local.conftest import refused

REGION, KEY, SECRET, PASSWORD = "ap-south-1", "000000000000", "test", "of the master"
APP = "beforehand_app"


@dataclass(frozen=True)
class Gate:
    port: int
    certificate: ServerCertificate
    postgres: Postgres
    process: ProcessRecord
    log: Path

    def token(self, user: str = APP, *, host: str = "127.0.0.1", port: int | None = None, key: str = KEY,
              secret: str = SECRET, session: str | None = None, region: str = REGION) -> str:  # fmt: skip
        """A token as boto3 makes it, with nothing but local computing."""
        client = boto3.Session(key, secret, session, region_name=region).client("rds")
        return str(client.generate_db_auth_token(host, port or self.port, user))

    def context(self, authority: Path | None = None) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(authority or self.certificate.authority))

    def connect(self, password: str, user: str = APP, **more: Any) -> pg8000.native.Connection:
        settings = {"host": "127.0.0.1", "port": self.port, "database": DATABASE, "timeout": 15}
        return pg8000.native.Connection(
            user, password=password, **{"ssl_context": self.context(), **settings, **more}
        )


@pytest.fixture(scope="module")
def gate(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("gate")
    certificate = ensure_certificates(folder, authority=folder / "ca.pem", as_of=datetime.now(UTC))
    with throwaway(tools.postgres()) as postgres:
        roles.ensure_roles(postgres.socket, master_password=PASSWORD)
        settings = GateSettings(
            port=ports.choose(15900),
            socket=postgres.socket,
            certificate=certificate.certificate,
            key=certificate.key,
            region=REGION,
        )
        process = start_gate(settings, certificate, log=folder / "gate.log")
        found = Gate(settings.port, certificate, postgres, process, folder / "gate.log")
        master = found.connect(PASSWORD, MASTER_USER)
        master.run(f"CREATE ROLE {APP} LOGIN")
        master.run(f"GRANT rds_iam TO {APP}")
        master.close()
        try:
            yield found
        finally:
            stop(process)


def test_a_good_token_opens_a_verified_session(gate: Gate) -> None:
    connection = gate.connect(gate.token())
    assert connection.run("SELECT current_user, 40 + 2") == [[APP, 42]]
    connection.close()


def test_a_token_with_a_session_token_is_good_too(gate: Gate) -> None:
    gate.connect(gate.token(session="of/a+role=")).close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "somebody_else"},
        {"secret": "wrong"},
        {"key": "111111111111"},
        {"host": "db.example.com"},
        {"port": 5432},
        {"region": "eu-west-1"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_token_made_for_something_else_is_refused(gate: Gate, wrong: dict[str, Any]) -> None:
    with refused("28000", f'PAM authentication failed for user "{APP}"'):
        gate.connect(gate.token(**wrong))


def test_an_expired_token_is_refused(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = datetime.now(UTC) - timedelta(seconds=901)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: earlier)
    token = gate.token()
    monkeypatch.undo()
    assert datetime.now(UTC).strftime("%Y%m%dT%H%M") not in token, "the token must be an old one"
    with refused("28000", "PAM authentication failed"):
        gate.connect(token)
    assert "it expired at" in gate.log.read_text()


@pytest.mark.parametrize("password", ["", "secret", "127.0.0.1:1/?Action=connect", "x" * 5000, PASSWORD])
def test_a_password_is_no_token(gate: Gate, password: str) -> None:
    with refused("28000", "PAM authentication failed"):
        gate.connect(password)


def test_the_master_signs_in_with_its_password(gate: Gate) -> None:
    connection = gate.connect(PASSWORD, MASTER_USER)
    assert connection.run("SELECT current_user") == [[MASTER_USER]]
    connection.close()
    with refused("28P01"):
        gate.connect("wrong", MASTER_USER)


def test_the_master_does_not_sign_in_with_a_token(gate: Gate) -> None:
    with refused("28P01"):
        gate.connect(gate.token(MASTER_USER), MASTER_USER)


def test_the_superuser_is_not_reachable(gate: Gate) -> None:
    with refused("28000", "pg_hba.conf rejects connection"):
        gate.connect(gate.token("postgres"), "postgres")


def test_a_role_that_does_not_exist_is_refused(gate: Gate) -> None:
    with refused("28P01"):
        gate.connect("anything", "nobody_knows")


def test_a_role_is_asked_for_a_token_from_the_moment_it_is_granted(gate: Gate) -> None:
    master = gate.connect(PASSWORD, MASTER_USER)
    master.run("CREATE ROLE late LOGIN PASSWORD 'first'")
    gate.connect("first", "late").close()
    master.run("GRANT rds_iam TO late")
    with refused("28000", "PAM authentication failed"):
        gate.connect("first", "late")
    gate.connect(gate.token("late"), "late").close()
    master.run("DROP ROLE late")
    master.close()


def test_nothing_goes_in_plain_text(gate: Gate) -> None:
    with refused("28000", "no encryption"):
        gate.connect(gate.token(), ssl_context=False)


def test_a_client_with_another_authority_does_not_talk_to_it(gate: Gate, tmp_path: Path) -> None:
    stranger = ensure_certificates(tmp_path, authority=tmp_path / "ca.pem", as_of=datetime.now(UTC))
    with pytest.raises((ssl.SSLCertVerificationError, InterfaceError), match="CERTIFICATE_VERIFY_FAILED"):
        gate.connect(gate.token(), ssl_context=gate.context(stranger.authority))


def test_a_client_that_wants_another_host_does_not_talk_to_it(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as plain:
        plain.sendall(wire.ASK_FOR_TLS)
        assert plain.recv(1) == b"S"
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            gate.context().wrap_socket(plain, server_hostname="db.example.com")


def test_many_sessions_at_once_and_much_data(gate: Gate) -> None:
    answers: list[int] = []

    def one() -> None:
        connection = gate.connect(gate.token())
        answers.append(len(connection.run("SELECT repeat('x', 1000000)")[0][0]))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [1_000_000] * 12


def test_a_query_can_be_cancelled(gate: Gate) -> None:
    connection = gate.connect(gate.token())
    process, secret = struct.unpack("!ii", connection._backend_key_data)
    ended: list[str] = []

    def sleep() -> None:
        with refused("57014"):
            connection.run("SELECT pg_sleep(30)")
        ended.append("cancelled")

    thread = threading.Thread(target=sleep)
    thread.start()

    def cancelled() -> bool:
        with socket.create_connection(("127.0.0.1", gate.port)) as plain:
            plain.sendall(struct.pack("!iiii", 16, wire.CANCEL_REQUEST, process, secret))
            assert plain.recv(1) == b"", "a cancel request gets no answer"
        return not thread.is_alive()

    assert wait_until(cancelled, seconds=10)
    assert ended == ["cancelled"]
    connection.close()


def test_a_client_that_leaves_leaves_no_session_behind(gate: Gate) -> None:
    connection = gate.connect(gate.token())
    backend = connection.run("SELECT pg_backend_pid()")[0][0]
    connection._usock.close()
    connection._sock.close()
    watcher = gate.connect(PASSWORD, MASTER_USER)
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"
    assert wait_until(lambda: watcher.run(gone, pid=backend) == [[0]], seconds=10)
    watcher.close()


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x04", b"\x7f\xff\xff\xff", b"\0\0\0\x08\0\0\0\x01"]
)
def test_noise_ends_its_own_connection_only(gate: Gate, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as plain:
        plain.sendall(noise)
        with suppress(ConnectionResetError):
            assert plain.recv(100) == b""
    gate.connect(gate.token()).close()


def test_what_is_sent_before_tls_is_not_taken_for_the_session(gate: Gate) -> None:
    """The hole that CVE-2021-23214 was: bytes slipped in behind the request for TLS."""
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as plain:
        slipped_in = b"Q" + struct.pack("!i", 13) + b"SELECT 1\0"
        plain.sendall(wire.ASK_FOR_TLS + slipped_in)
        assert plain.recv(1) == b"S"
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            gate.context().wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_restarted_database_is_found_again(gate: Gate) -> None:
    gate.connect(gate.token()).close()
    gate.postgres.stop()
    with pytest.raises((InterfaceError, OSError, DatabaseError, struct.error)):
        gate.connect(gate.token())
    gate.postgres.start()
    gate.connect(gate.token()).close()


def test_a_session_opens_and_answers_quickly(gate: Gate) -> None:
    token = gate.token()
    opened, asked = [], []
    for _ in range(10):
        began = time.perf_counter()
        connection = gate.connect(token)
        opened.append(time.perf_counter() - began)
        began = time.perf_counter()
        connection.run("SELECT 1")
        asked.append(time.perf_counter() - began)
        connection.close()
    assert sorted(opened)[5] < 0.2
    assert sorted(asked)[5] < 0.02
