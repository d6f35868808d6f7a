"""The connection that functions use, against a real server: only the right certificate on the right host serves."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand.adapters.postgres import connect
from beforehand.settings import DatabaseSettings
from beforehand_cli.local import ports, roles
from beforehand_cli.local.certificates import ServerCertificate, ensure_certificates
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.postgres import MASTER_USER, Postgres, TcpListener, throwaway
from beforehand_cli.local.state import StateDirectory

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "for this test only"


def certificate(folder: Path, *names: str) -> ServerCertificate:
    folder.mkdir()
    return ensure_certificates(folder, authority=folder / "ca.pem", as_of=datetime.now(UTC), names=names)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("tls")
    listener = TcpListener(port=ports.choose(15500), certificate=certificate(folder / "right", "127.0.0.1"))
    with throwaway(ensure_tools(StateDirectory.of(ROOT)).postgres(), tcp=listener) as running:
        roles.ensure_roles(running.socket, master_password=PASSWORD)
        yield running


def settings(server: Postgres, host: str = "127.0.0.1") -> DatabaseSettings:
    assert server.tcp is not None
    return DatabaseSettings(database_host=host, database_port=server.tcp.port, database_user=MASTER_USER)


def authority(server: Postgres) -> Path:
    assert server.tcp is not None
    return server.tcp.certificate.authority


def test_connects_over_tls_to_the_server_it_trusts(server: Postgres) -> None:
    opened = connect(settings(server), password=PASSWORD, authority=authority(server))
    used = opened.run("select version, cipher from pg_stat_ssl where pid = pg_backend_pid()")
    opened.close()
    assert used == [["TLSv1.3", "TLS_AES_256_GCM_SHA384"]]


def test_refuses_a_certificate_of_another_authority(server: Postgres, tmp_path: Path) -> None:
    stranger = certificate(tmp_path / "wrong", "127.0.0.1").authority
    with pytest.raises(ssl.SSLCertVerificationError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(settings(server), password=PASSWORD, authority=stranger)


def test_refuses_the_right_certificate_on_another_host(server: Postgres) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
        connect(settings(server, host="localhost"), password=PASSWORD, authority=authority(server))


def test_refuses_a_wrong_password(server: Postgres) -> None:
    with pytest.raises(DatabaseError, match="28P01"):
        connect(settings(server), password="guessed", authority=authority(server))


def test_refuses_a_server_without_tls(server: Postgres) -> None:
    superuser = server.connect("postgres", database="postgres")
    try:
        superuser.run("alter system set ssl = off")
        superuser.run("select pg_reload_conf()")
        with pytest.raises(InterfaceError, match="refuses SSL"):
            connect(settings(server), password=PASSWORD, authority=authority(server))
    finally:
        superuser.run("alter system reset ssl")
        superuser.run("select pg_reload_conf()")
        superuser.close()


def test_a_statement_larger_than_the_buffer_does_not_wait(server: Postgres) -> None:
    """The socket sends at once; without that, this statement waits 40 ms for an acknowledgement."""
    opened = connect(settings(server), password=PASSWORD, authority=authority(server))
    assert opened.run("select length(:text)", text="x" * 20_000) == [[20_000]]
    opened.close()
