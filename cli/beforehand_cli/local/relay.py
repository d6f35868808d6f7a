"""Carries the bytes of a session between two connections."""

import asyncio
import socket
from dataclasses import dataclass

CHUNK = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def receive(connection: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes and none after them. Raises EOFError when there are fewer."""
    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < count:
        part = await loop.sock_recv(connection, count - len(received))
        if not part:
            raise EOFError("the client went away")
        received += part
    return received


async def relay(client: Side, server: Side) -> None:
    """Carry bytes both ways until PostgreSQL closes; a client that closes first is announced to it."""
    upward = asyncio.create_task(_pump(client.reader, server.writer))
    try:
        await _pump(server.reader, client.writer)
    finally:
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)
        server.writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    finally:
        if sink.can_write_eof():
            sink.write_eof()
