"""What `beforehand mail` shows of mails, text messages and webhooks; a real server gives them."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner

from beforehand_cli import main
from beforehand_cli.commands import mail as command
from beforehand_cli.local.mailbox import Mail

NOW = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)


def caught(number: int, kind: str, to: str, subject: str, text: str, **more: Any) -> Mail:
    """A record as the endpoint keeps it; the first is the newest."""
    at = (NOW - timedelta(minutes=number)).timestamp()
    record = {"MessageId": str(number), "Timestamp": at, "To": [to], "Source": "Beforehand", "Type": kind}
    return Mail.of({**record, "Subject": subject, "BodyText": text, **more})


CAUGHT = [
    caught(1, "sms", "+919876543210", "", "[Beforehand] नमस्ते\nsecond line", Tags={"outreach_id": "o-1"}),
    caught(
        2,
        "v2.SendEmail",
        "asha@customer.example",
        "[red]Renewal",
        "Hello",
        Headers={"List-Unsubscribe": "<https://x.example/u>"},
    ),
    caught(3, "sns.email", "staff@beforehand.example", "Scan", "done"),
    caught(4, "webhook", "asha@customer.example", "", ""),
]


class _Mailbox(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps([one.model_dump(mode="json") for one in CAUGHT]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is to be seen of it."""


@pytest.fixture(autouse=True)
def _mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mailbox)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setattr(command.aws, "endpoint", lambda _: f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def said(*words: str) -> str:
    done = CliRunner().invoke(main.app, ["mail", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_lists_each_message_with_the_way_it_came() -> None:
    lines = said().splitlines()
    assert [line.split()[3] for line in lines] == ["SMS", "SES", "SNS", "webhook"]
    assert [line.split("  ")[-1] for line in lines] == ["[Beforehand] नमस्ते", "[red]Renewal", "Scan", "(no subject)"]


@pytest.mark.parametrize(("via", "ids"), [("sms", ["1"]), ("ses", ["2"]), ("sns", ["3"]), ("webhook", ["4"])])
def test_lists_only_what_came_one_way(via: str, ids: list[str]) -> None:
    shown = [json.loads(line) for line in said("--via", via, "--json").splitlines()]
    assert [one["id"] for one in shown] == ids
    assert said("--via", via, "1").splitlines()[1].endswith(f"through {shown[0]['via']}")


def test_shows_a_mail_whole_and_takes_nothing_in_it_for_its_own() -> None:
    assert said("2") == (
        "[red]Renewal\nto asha@customer.example through SES\n\nList-Unsubscribe: <https://x.example/u>\nHello\n"
    )


def test_refuses_a_way_that_there_is_not() -> None:
    done = CliRunner().invoke(main.app, ["mail", "--via", "pigeon"])
    assert done.exit_code == 2
    assert "webhook" in done.output
