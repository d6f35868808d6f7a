"""What RDS puts in front of PostgreSQL: TLS for everybody, and IAM tokens for the members of `rds_iam`.

Runs as its own process: `python -m beforehand_cli.local.database_gate '<GateSettings as JSON>'`.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from beforehand_cli.local import wire
from beforehand_cli.local.iam_members import IamMembers
from beforehand_cli.local.iam_token import Target, refusal
from beforehand_cli.local.postgres import SUPERUSER
from beforehand_cli.local.relay import CHUNK, Side, receive, relay

log = logging.getLogger("database_gate")
ADDRESS = "127.0.0.1"
STARTUP_SECONDS = 30


class GateSettings(BaseModel):
    """What the gate needs to know, handed over on its command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int
    socket: Path
    certificate: Path
    key: Path
    region: str
    access_key: str = "000000000000"

    def target(self) -> Target:
        """What a token must have been made for. The local secret key is `test`, as everywhere locally."""
        return Target(
            hosts=frozenset({ADDRESS, "localhost"}),
            port=self.port,
            region=self.region,
            access_key=self.access_key,
            secret_key="test",  # noqa: S106 - the emulator's well-known key
        )


class Refused(Exception):
    """The gate turns a client away with this answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = wire.Refusal(code=code, message=message)


class Client:
    """One accepted connection on its way to a session."""

    def __init__(self, settings: GateSettings, context: ssl.SSLContext, members: IamMembers) -> None:
        self._settings = settings
        self._context = context
        self._members = members

    async def serve(self, connection: socket.socket) -> None:
        """Take the client through TLS and authentication, then relay until one side has had enough."""
        async with asyncio.timeout(STARTUP_SECONDS):
            try:
                wants_tls = await self._wants_tls(connection)
            except BaseException:
                connection.close()
                raise
            if not wants_tls:
                connection.close()
                return
            client = await self._start_tls(connection)
        try:
            async with asyncio.timeout(STARTUP_SECONDS):
                server = await self._open_session(client)
            if server is not None:
                await relay(client, server)
        finally:
            client.writer.close()

    async def _open_session(self, client: Side) -> Side | None:
        """The connection to PostgreSQL with the client's startup sent, or None when it gets no session."""
        head = await client.reader.readexactly(4)
        body = await client.reader.readexactly(wire.length_of(head, longest=wire.LONGEST_STARTUP))
        if wire.code_of(body) == wire.CANCEL_REQUEST:
            await self._cancel(head + body)
            return None
        startup = wire.parse_startup(head, body)
        try:
            await self._authenticate(startup, client)
        except Refused as refused:
            log.info("refused: %s", refused)
            client.writer.write(refused.answer.encode())
            return None
        reader, writer = await asyncio.open_unix_connection(str(self._settings.socket))
        writer.write(startup.raw)
        return Side(reader=reader, writer=writer)

    async def _wants_tls(self, connection: socket.socket) -> bool:
        """Answer what comes before TLS, byte by exact byte: nothing sent in the clear is read as session."""
        loop = asyncio.get_running_loop()
        while True:
            head = await receive(connection, 4)
            body = await receive(connection, wire.length_of(head, longest=wire.LONGEST_STARTUP))
            code = wire.code_of(body)
            if code == wire.SSL_REQUEST:
                await loop.sock_sendall(connection, b"S")
                return True
            if code == wire.GSS_REQUEST:
                await loop.sock_sendall(connection, b"N")
                continue
            if code == wire.CANCEL_REQUEST:
                await self._cancel(head + body)
                return False
            startup = wire.parse_startup(head, body)
            message = (
                f'no pg_hba.conf entry for host "{ADDRESS}", user "{startup.user}", '
                f'database "{startup.database}", no encryption'
            )
            await loop.sock_sendall(connection, wire.Refusal(code="28000", message=message).encode())
            return False

    async def _start_tls(self, connection: socket.socket) -> Side:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=self._context, ssl_handshake_timeout=STARTUP_SECONDS
        )
        return Side(reader=reader, writer=asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _authenticate(self, startup: wire.Startup, client: Side) -> None:
        """Check the token of an IAM user; PostgreSQL itself checks everybody else.

        Raises:
            Refused: a superuser, or a token that is not good.
        """
        user = startup.user
        if user == SUPERUSER:
            raise Refused(
                "28000",
                f'pg_hba.conf rejects connection for host "{ADDRESS}", user "{user}", '
                f'database "{startup.database}", SSL encryption',
            )
        if not await self._members.has(user):
            return
        client.writer.write(wire.ASK_FOR_PASSWORD)
        kind, head = await client.reader.readexactly(1), await client.reader.readexactly(4)
        if kind != b"p":
            raise wire.ProtocolError(why=f"message {kind!r} instead of a password")
        length = wire.length_of(head, longest=wire.LONGEST_PASSWORD, shortest=1)
        password = await client.reader.readexactly(length)
        token = password.rstrip(b"\0").decode("utf-8", errors="replace")
        because = refusal(token, user=user, target=self._settings.target(), as_of=datetime.now(UTC))
        if because is not None:
            log.info("token for %s not good: %s", user, because)
            # 28000 as PostgreSQL itself has it: only password and SCRAM failures are 28P01.
            raise Refused("28000", f'PAM authentication failed for user "{user}"')

    async def _cancel(self, packet: bytes) -> None:
        _, writer = await asyncio.open_unix_connection(str(self._settings.socket))
        writer.write(packet)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class Gate:
    """The listening side: one task for each connection."""

    def __init__(self, settings: GateSettings) -> None:
        self._settings = settings
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(settings.certificate, settings.key)
        self._members = IamMembers(settings.socket)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server((ADDRESS, settings.port), backlog=256)
        self._listener.setblocking(False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self) -> None:
        """Accept for ever."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._one(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, connection: socket.socket) -> None:
        client = Client(self._settings, self._context, self._members)
        try:
            await client.serve(connection)
        except (OSError, EOFError, TimeoutError, wire.ProtocolError, struct.error) as error:
            log.info("connection ended: %s: %s", type(error).__name__, error)
        except Exception:
            log.exception("connection failed")


async def run(settings: GateSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    async with Gate(settings) as gate:
        serving = asyncio.create_task(gate.serve())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, serving.cancel)
        log.info("listening on %s:%s", ADDRESS, settings.port)
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def main() -> None:
    """Read the settings from the command line and serve."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(run(GateSettings.model_validate_json(sys.argv[1])))


if __name__ == "__main__":
    main()
