"""The embedded PostgreSQL 18: made once, listening on a private Unix socket, its data kept between starts."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pg8000 import native

from beforehand_cli.local.accounts import Account
from beforehand_cli.local.certificates import ServerCertificate
from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.processes import started_at, tail, wait_until

SUPERUSER = "postgres"
IAM_ROLE = "rds_iam"
MASTER_USER = "beforehand_master"
DATABASE = "beforehand"
_ROOT_HOME = Path("/var/lib/beforehand")

# Who may come in over the socket, which only the gate and this user can reach. The gate has verified the
# token of an rds_iam member already; every other password is verified by PostgreSQL itself.
_SOCKET_RULES = f"""\
local  all  {SUPERUSER}    trust
local  all  {MASTER_USER}  scram-sha-256
local  all  +{IAM_ROLE}    trust
local  all  all            scram-sha-256
"""
_TLS_RULES = "hostssl  all  all  127.0.0.1/32  scram-sha-256\n"
_SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
shared_buffers = 64MB
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
"""


class PostgresFailedError(LocalError):
    """PostgreSQL did not {what}. It said:
    {output}"""


class UnsafeSocketDirectoryError(LocalError):
    """{path} belongs to somebody else, so the database socket cannot be put there; remove it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TcpListener:
    """A server that listens on TCP by itself, with TLS; the tests of verified TLS use it."""

    port: int
    certificate: ServerCertificate


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """One server: its binaries, its home with data and log, and its socket directory."""

    binaries: Path
    home: Path
    account: Account
    tcp: TcpListener | None = None

    @classmethod
    def at(cls, home: Path, *, native: Path, tcp: TcpListener | None = None) -> "Postgres":
        """The server whose data live in `home`, run from the `native` binaries of the tools.

        Root has to hand the server to an unprivileged account. Where that account cannot reach the project
        (a home directory is closed to others), data and binaries go under /var/lib/beforehand.
        """
        account = Account.choose()
        home.mkdir(parents=True, exist_ok=True)
        elsewhere, copy = _elsewhere(home), _copy_of(native)
        lost = not native.exists()  # then it can only be stopped, wherever it is
        near = not (elsewhere / "data").exists() if lost else account.reaches(native)
        if account.is_own or (near and account.reaches(home)):
            return cls(binaries=native / "bin", home=home, account=account, tcp=tcp)
        if not (lost or copy.exists()):
            copy_whole(native, copy)
        elsewhere.mkdir(parents=True, exist_ok=True)
        return cls(binaries=copy / "bin", home=elsewhere, account=account, tcp=tcp)

    @staticmethod
    def exists_for(home: Path) -> bool:
        """Whether there are data of this home, here or under /var/lib/beforehand."""
        return home.exists() or _elsewhere(home).exists()

    @staticmethod
    def remove(home: Path, *, native: Path | None) -> None:
        """Remove the data of a stopped server wherever they lie, and the copy of the binaries that are named."""
        for path in (home, _elsewhere(home), *((_copy_of(native),) if native else ())):
            if path.exists():
                shutil.rmtree(path)
        with suppress(OSError):  # another project's data lie there
            _ROOT_HOME.rmdir()

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server logs."""
        return self.home / "postgres.log"

    @property
    def socket_directory(self) -> Path:
        """A short private directory: the path of a Unix socket may have 107 bytes and no more."""
        return Path(tempfile.gettempdir()) / f"beforehand-{_short_hash(self.home)}"

    @property
    def socket(self) -> Path:
        """The socket clients connect to."""
        return self.socket_directory / f".s.PGSQL.{self.tcp.port if self.tcp else 5432}"

    def pid(self) -> int | None:
        """The pid of the running server, None when it does not run."""
        noted = self._noted_pid()
        return noted if noted is not None and started_at(noted) is not None else None

    def connect(self, user: str, *, database: str = DATABASE, **more: Any) -> native.Connection:
        """A connection over the socket. Nothing is encrypted on it, so none of pg8000's certificates is loaded."""
        return native.Connection(user, unix_sock=str(self.socket), ssl_context=False, database=database, **more)

    def start(self) -> int:
        """Start the server, making its data first when there are none; its pid.

        Raises:
            PostgresFailedError: it did not come up, with its log's end.
        """
        running = self.pid()
        if running is not None:
            return running
        self._initialise()
        self._wait_for_the_dead()
        self._prepare_socket_directory()
        self._configure()
        answer = self._control("start", "--wait", "--timeout=60", f"--log={self.log}", "--silent")
        pid = self.pid()
        if answer.returncode != 0 or pid is None:
            log = self.log.read_text(encoding="utf-8")[-3000:] if self.log.exists() else ""
            raise PostgresFailedError(what="start", output=answer.stdout + answer.stderr + log)
        return pid

    def stop(self) -> bool:
        """End every session, write everything down, and wait for the end; False when it did not run.

        Raises:
            PostgresFailedError: it did not end within 60 seconds.
        """
        running = self.pid()
        if running is not None:
            os.kill(running, signal.SIGINT)  # its "fast" shutdown; needs no binaries, which may be gone
            if not wait_until(lambda: self.pid() is None, seconds=60):
                raise PostgresFailedError(what="stop", output=tail(self.log))
        self._remove_socket_directory()
        return running is not None

    def _noted_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except FileNotFoundError:
            return None

    def _wait_for_the_dead(self) -> None:
        """A killed server that nobody has buried yet still has its pid, and PostgreSQL takes it for alive."""
        noted = self._noted_pid()
        if noted is not None and not wait_until(lambda: not _has_process(noted), seconds=10):
            raise PostgresFailedError(what="start", output=f"process {noted} of the last start still exists")

    def _control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.account.run([str(self.binaries / "pg_ctl"), f"--pgdata={self.data}", *arguments])

    def _initialise(self) -> None:
        if (self.data / "global" / "pg_control").exists() and (self.home / "initialised").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # the rest of an interrupted initdb
        self.data.mkdir(parents=True)
        self.data.chmod(0o700)
        os.chown(self.home, self.account.uid, self.account.gid)
        os.chown(self.data, self.account.uid, self.account.gid)
        options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        command = [str(self.binaries / "initdb"), f"--pgdata={self.data}", f"--username={SUPERUSER}"]
        answer = self.account.run(command + options)
        if answer.returncode != 0:
            raise PostgresFailedError(what="make its data directory", output=answer.stdout + answer.stderr)
        (self.home / "initialised").touch()

    def _configure(self) -> None:
        settings = f"{_SETTINGS}unix_socket_directories = '{self.socket_directory}'\n"
        rules = _SOCKET_RULES
        if self.tcp is not None:
            certificate, key = self.data / "server.pem", self.data / "server-key.pem"
            shutil.copyfile(self.tcp.certificate.certificate, certificate)
            shutil.copyfile(self.tcp.certificate.key, key)
            settings += f"listen_addresses = '127.0.0.1'\nport = {self.tcp.port}\nssl = on\n"
            settings += f"ssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n"
            rules += _TLS_RULES
            self._own(certificate, key)
        (self.data / "beforehand.conf").write_text(settings, encoding="utf-8")
        (self.data / "pg_hba.conf").write_text(rules, encoding="utf-8")
        main = self.data / "postgresql.conf"
        include = "include 'beforehand.conf'\n"
        text = main.read_text(encoding="utf-8")
        if not text.endswith(include):
            main.write_text(text + include, encoding="utf-8")
        self._own(self.data / "beforehand.conf", self.data / "pg_hba.conf", main)

    def _own(self, *paths: Path) -> None:
        for path in paths:
            path.chmod(0o600)
            os.chown(path, self.account.uid, self.account.gid)

    def _prepare_socket_directory(self) -> None:
        path = self.socket_directory
        try:
            path.mkdir(mode=0o700)
            os.chown(path, self.account.uid, self.account.gid)
        except FileExistsError as error:
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid:
                raise UnsafeSocketDirectoryError(path=path) from error
            path.chmod(0o700)

    def _remove_socket_directory(self) -> None:
        """Leave nothing behind; what somebody else put there is theirs."""
        path = self.socket_directory
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode) and found.st_uid == self.account.uid:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def throwaway(native: Path, *, tcp: TcpListener | None = None) -> Iterator[Postgres]:
    """A server for tests, somewhere any account can go, started and then removed with its data."""
    with tempfile.TemporaryDirectory(prefix="beforehand-throwaway-") as home:
        Path(home).chmod(0o755)
        server = Postgres.at(Path(home) / "postgres", native=native, tcp=tcp)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            shutil.rmtree(server.home, ignore_errors=True)


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return started_at(pid) is not None
    return True


def _elsewhere(home: Path) -> Path:
    return _ROOT_HOME / _short_hash(home)


def _copy_of(native: Path) -> Path:
    return _ROOT_HOME / f"binaries-{_short_hash(native)}"


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]


def copy_whole(source: Path, target: Path) -> None:
    """Copy a tree so that `target` exists only when it is complete; where another was first, theirs is the same."""
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, partial, symlinks=True)
    try:
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial)
        if not target.is_dir():
            raise
