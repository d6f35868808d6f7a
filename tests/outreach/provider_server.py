"""A provider in a process of its own, for tests: it says what it is told to, and writes down what it took.

    with running(tmp_path) as provider:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", provider.address)      # SES, API v2
        ... or AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2 ...                   # End User Messaging SMS
        ... or send to f"{provider.address}/webhook" ...                    # a company's own system
        provider.says(Mode.LOSES)                  # to everybody from now on
        provider.says(Mode.THROTTLES, outreach_id) # to one message
        provider.says([Mode.THROTTLES, Mode.ACCEPTS], outreach_id)  # to its first call, to those after it
        provider.taken()                           # each message that it took, in order
        provider.calls()                           # each call, whatever became of it

What it took lies in `accepted.jsonl`, written through to the disk before the answer begins, so that nothing which a
killed sender had delivered can be missed. The server outlives its callers and can be started again on its folder.
The webhook front takes the same webhook-id once, as our own protocol asks of a company's system: the repeat is
answered 200 and listed among the calls as `again`. The other two take whatever comes, as SES and SMS do.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
EVERYBODY = "*"


class Mode(StrEnum):
    """What the provider does with a call."""

    ACCEPTS = "accepts"
    LOSES = "loses"
    """Takes the message and breaks the connection instead of answering."""
    FAILS_AFTER = "fails_after"
    """Takes the message and answers 500."""
    HANGS = "hangs"
    """Takes the message and never answers."""
    GARBLES = "garbles"
    """Takes the message and answers 200 with what nobody can read."""
    RESETS = "resets"
    """Breaks the connection and takes nothing."""
    FAILS = "fails"
    """Answers 500 and takes nothing."""
    UNAVAILABLE = "unavailable"
    """Answers 503 with Retry-After: 7, and takes nothing."""
    THROTTLES = "throttles"
    """Answers 429 with Retry-After: 7, and takes nothing."""
    REFUSES = "refuses"
    """Answers 400 and takes nothing."""
    GONE = "gone"
    """Answers 410 and takes nothing."""
    REDIRECTS = "redirects"
    """Answers 307 to itself and takes nothing."""


TAKES = {Mode.ACCEPTS, Mode.LOSES, Mode.FAILS_AFTER, Mode.HANGS, Mode.GARBLES}


@dataclass(frozen=True)
class ProviderServer:
    """A running provider, seen from a test."""

    address: str
    folder: Path
    pid: int

    def says(self, mode: Mode | str | Sequence[Mode | str], outreach_id: object = EVERYBODY) -> None:
        """From now on; a list is one mode for each call of that message, the last one stays."""
        modes = _read_modes(self.folder)
        given = [mode] if isinstance(mode, str) else list(mode)
        modes[str(outreach_id)] = [one if one.isdigit() or ":" in one else Mode(one) for one in given]
        # Whole or not at all: the server reads it at each call.
        new = self.folder / "modes.new"
        new.write_text(json.dumps(modes))
        new.replace(self.folder / "modes.json")

    def taken(self) -> list[dict[str, Any]]:
        """Each message that it took: front, outreach_id, attempt, to, message_id, at."""
        return _read_lines(self.folder / "accepted.jsonl")

    def calls(self) -> list[dict[str, Any]]:
        """Each call: as in `taken`, with its mode, the request's body and headers."""
        return _read_lines(self.folder / "calls.jsonl")


@contextmanager
def running(folder: Path, *, port: int = 0) -> Iterator[ProviderServer]:
    """The server in its own process, until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "port"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.outreach.provider_server", str(folder), str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it says when it listens
        address = f"http://127.0.0.1:{int(ready.read_text())}"
        yield ProviderServer(address=address, folder=folder, pid=process.pid)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _read_modes(folder: Path) -> dict[str, list[str]]:
    path = folder / "modes.json"
    return json.loads(path.read_text()) if path.exists() else {}


@dataclass(frozen=True)
class Call:
    """One call, whichever front it came through."""

    front: str
    outreach_id: str
    attempt: str
    to: str


class _Log:
    """What was called and taken, each line on the disk before anything is answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._ids = {
            line["outreach_id"] for line in _read_lines(folder / "accepted.jsonl") if line["front"] == "webhook"
        }
        self._count: dict[str, int] = {}
        for line in _read_lines(folder / "calls.jsonl"):
            self._count[line["outreach_id"]] = self._count.get(line["outreach_id"], 0) + 1

    def take(self, call: Call, more: Mapping[str, Any]) -> tuple[str, str]:
        """Writes the call down; its mode and the message's id."""
        with self._lock:
            before = self._count.get(call.outreach_id, 0)
            self._count[call.outreach_id] = before + 1
            modes = _read_modes(self.folder)
            told = modes.get(call.outreach_id) or modes.get(EVERYBODY) or [Mode.ACCEPTS]
            mode = told[min(before, len(told) - 1)]
            message_id = f"{call.front}-{call.outreach_id}-{before + 1}"
            line = {**call.__dict__, "message_id": message_id, "at": time.time()}
            again = call.front == "webhook" and call.outreach_id in self._ids
            if mode in TAKES and not again:
                self._append("accepted.jsonl", line)
                if call.front == "webhook":
                    self._ids.add(call.outreach_id)
            self._append("calls.jsonl", {**line, "mode": mode, "again": again, **more})
            return mode, message_id

    def _append(self, name: str, line: Mapping[str, Any]) -> None:
        file = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(file, json.dumps(line).encode() + b"\n")
            os.fsync(file)
        finally:
            os.close(file)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        log: _Log = self.server.log  # type: ignore[attr-defined]
        call = _call(self.path, self.headers, json.loads(body))
        headers = {name.lower(): value for name, value in self.headers.items()}
        mode, message_id = log.take(call, {"body": body.decode(), "headers": headers})
        if mode == Mode.HANGS:
            threading.Event().wait()
        if mode in (Mode.LOSES, Mode.RESETS):
            self._reset()
            return
        self._answer(call, mode, message_id)

    def _answer(self, call: Call, mode: str, message_id: str) -> None:
        more: dict[str, str] = {}
        if ":" in mode or mode.isdigit():  # 400:SendingPausedException:its text or REASON
            status, name, text = (*mode.split(":", 2), "", "")[:3]
            return self._say(int(status), _error(name, text), {"x-amzn-ErrorType": name} if name else {})
        status, error = {
            Mode.ACCEPTS: (200, ""),
            Mode.GARBLES: (200, ""),
            Mode.FAILS_AFTER: (500, "InternalFailure"),
            Mode.FAILS: (500, "InternalFailure"),
            Mode.UNAVAILABLE: (503, "ServiceUnavailable"),
            Mode.THROTTLES: (429, "TooManyRequestsException"),
            Mode.REFUSES: (400, "MessageRejected" if call.front == "ses" else "ValidationException"),
            Mode.GONE: (410, "Gone"),
            Mode.REDIRECTS: (307, ""),
        }[Mode(mode)]
        if status in (429, 503):
            more["Retry-After"] = "7"
        if status == 307:
            more["Location"] = self.path
        if error:
            more["x-amzn-ErrorType"] = error
        body = b"<html>" if mode == Mode.GARBLES else _error(error, "no") if error else _taken(message_id)
        return self._say(status, body, more)

    def _say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """An end without an answer: RST, as when a machine on the way dies."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Nothing is to be seen of it."""


def _error(name: str, text: str) -> bytes:
    reason = {"Reason": text} if text.isupper() else {}
    return json.dumps({"__type": name, "message": text, "Message": text, **reason}).encode()


def _taken(message_id: str) -> bytes:
    return json.dumps({"MessageId": message_id}).encode()


def _call(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Call:
    if path == "/v2/email/outbound-emails":
        tags = {tag["Name"]: tag["Value"] for tag in body.get("EmailTags", ())}
        to = body["Destination"]["ToAddresses"][0]
        return Call("ses", tags.get("outreach_id", ""), tags.get("attempt", ""), to)
    if headers.get("X-Amz-Target") == "PinpointSMSVoiceV2.SendTextMessage":
        context = body.get("Context", {})
        number = body["DestinationPhoneNumber"]
        return Call("sms", context.get("outreach_id", ""), context.get("attempt", ""), number)
    return Call("webhook", headers.get("webhook-id") or "", str(body.get("attempt", "")), str(body.get("to", "")))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serves until it is killed."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    server = _Server(("127.0.0.1", port), _Handler)
    server.log = _Log(folder)  # type: ignore[attr-defined]
    (folder / "port").write_text(str(server.server_port))
    print("listens", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
