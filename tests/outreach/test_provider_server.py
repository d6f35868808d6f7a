"""The provider that fault tests count against: what it took is on the disk, whoever is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from beforehand.outreach.channels.model import Outcome
from beforehand_cli.local.processes import wait_until
from tests.outreach.provider_server import ROOT, Mode, running
from tests.outreach.test_webhook import KEYS as SECRETS
from tests.outreach.test_webhook import MESSAGE, Held, to

SENDING = """
import sys
from uuid import UUID
from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Outbound
SesEmail(sender="care@beforehand.example").send(Outbound(
    outreach_id=UUID(sys.argv[1]), attempt=1, customer_id="C1", to="asha@customer.example", subject="s", text="t"))
print("it had an answer")
"""


def test_a_sender_that_is_killed_in_the_call_has_delivered_what_the_provider_took(tmp_path: Path) -> None:
    outreach_id = str(uuid4())
    with running(tmp_path) as provider:
        provider.says(Mode.HANGS, outreach_id)
        keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "ap-south-1"}
        there = {**os.environ, **keys, "AWS_ENDPOINT_URL_SESV2": provider.address, "NO_PROXY": "127.0.0.1"}
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDING, outreach_id], cwd=ROOT, env=there, stdout=subprocess.PIPE
        )
        try:
            assert wait_until(lambda: bool(provider.taken()), seconds=60)
        finally:
            sender.send_signal(signal.SIGKILL)
            said, _ = sender.communicate()
        assert said == b""
        (taken,) = provider.taken()
    assert (taken["outreach_id"], taken["attempt"], taken["to"]) == (outreach_id, "1", "asha@customer.example")


def test_a_provider_that_is_killed_remembers_what_it_took(tmp_path: Path) -> None:
    for mode, outcome in ((Mode.LOSES, Outcome.UNKNOWN), (Mode.ACCEPTS, Outcome.ACCEPTED)):
        with running(tmp_path) as provider:
            provider.says(mode)
            assert to(provider, Held(*SECRETS)).send(MESSAGE).outcome is outcome
    assert [call["again"] for call in provider.calls()] == [False, True]
    assert len(provider.taken()) == 1


@pytest.mark.parametrize(
    "mode", [Mode.THROTTLES, Mode.REFUSES, Mode.FAILS, Mode.RESETS, Mode.UNAVAILABLE, Mode.GONE]
)
def test_it_takes_nothing_where_it_says_so(tmp_path: Path, mode: Mode) -> None:
    with running(tmp_path) as provider:
        provider.says([mode, Mode.ACCEPTS], MESSAGE.outreach_id)
        assert to(provider).send(MESSAGE).outcome is not Outcome.ACCEPTED
        assert provider.taken() == []
        assert to(provider).send(MESSAGE).outcome is Outcome.ACCEPTED
        assert len(provider.taken()) == 1
