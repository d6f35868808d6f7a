"""A server that speaks the Converse API as documented; the client is botocore itself.

The answers in `recorded/` are written by hand in the documented shapes: none was captured from a real Bedrock.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"
HOLDS = "holds"
"""An answer that never comes while the test lasts."""


@dataclass
class Bedrock:
    """What it was asked, and what it will say, one answer for each question; the last one stays."""

    address: str
    answers: list[Any] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def will_say(self, *answers: Any) -> None:
        self.answers = list(answers)

    def forget(self) -> None:
        """Ends what is held, and knows of nothing."""
        self.ended.set()
        self.answers, self.asked, self.paths, self.ended = [], [], [], threading.Event()

    def next(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def recorded(name: str, **changed: Any) -> dict[str, Any]:
    """An answer of `recorded/`; `changed` are fields of what the model gave to the tool."""
    answer: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    if changed:
        for block in answer["body"]["output"]["message"]["content"]:
            if "toolUse" in block:
                block["toolUse"]["input"].update(changed)
    return answer


@contextmanager
def serving() -> Iterator[Bedrock]:
    """The server, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    bedrock = Bedrock(address=f"http://127.0.0.1:{server.server_port}")
    server.bedrock = bedrock  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield bedrock
    finally:
        bedrock.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        bedrock: Bedrock = self.server.bedrock  # type: ignore[attr-defined]
        bedrock.paths.append(self.path)
        bedrock.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = bedrock.next()
        if answer == HOLDS:
            bedrock.ended.wait(30)
            return
        body = answer["body"]
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(answer["status"])
        for name, value in {"Content-Type": "application/json", **answer.get("headers", {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing is to be seen of it."""
