"""A message through the deployed stacks: proposed, decided, sent, reported on, answered, and explained."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from beforehand_cli.local.mailbox import Mail, list_mail
from beforehand_cli.local.processes import wait_until
from tests.installation import Installation

PEOPLE = """customer_id,name,email,phone,language,zone,country,marketing_consent
OUT1,Asha Rao,asha@people.example,,en,Asia/Kolkata,IN,yes
OUT2,Ben Low,bounce@simulator.amazonses.com,,en,Europe/London,GB,yes
OUT3,Chitra Iyer,chitra@people.example,,hi,Asia/Kolkata,IN,no
OUT4,Dora Neu,dora@people.example,,de,Europe/Berlin,DE,yes
"""
AT_ONCE = """{
  "cool_down_days": {}, "budget": 4, "budget_days": 28, "case_rest_days": 7, "holdout_shares": {},
  "holdout_salt": "holdout-1", "send_windows": [{"hours": "00:00–00:00"}], "channel_windows": {},
  "marketing": ["churn_intervention", "custom", "manual", "re_engagement"], "consent_required": ["marketing"],
  "home_zone": "UTC"
}"""
"""A contact policy under which it is never too early or too late."""


@pytest.fixture(scope="module")
def people(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Four people, channels that are live, and a policy that is always open; as it was before, afterwards."""
    folder = tmp_path_factory.mktemp("people")
    written(folder / "people.csv", PEOPLE)
    done = installation.command("import", "customers", str(folder / "people.csv"))
    assert done.returncode == 0, done.stdout + done.stderr
    written(folder / "policy.json", AT_ONCE)
    said(installation, "policy", "set", str(folder / "policy.json"), "--because", "tests are never asleep")
    said(installation, "channels", "enable", "email")
    yield installation
    said(installation, "channels", "dry-run", "email")
    said(installation, "policy", "restore", "contact-v1", "--because", "as it was")


def written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def said(installation: Installation, *arguments: str) -> str:
    done = installation.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def propose(installation: Installation, customer: str) -> str:
    told = said(
        installation, "outreach", "propose", customer, "--channel", "email", "--subject", f"A note for {customer}",
        "--body", "We kept your place.", "--json",
    )  # fmt: skip
    return str(json.loads(told)["outreach_id"])


def tick(installation: Installation) -> None:
    """Starts what the schedule starts every minute, so that nobody waits for the minute."""
    installation.deployment.client("stepfunctions").start_execution(
        stateMachineArn=installation.deployment.outputs["OutreachStateMachine"],
        input=json.dumps({"due_at": datetime.now(UTC).isoformat()}),
    )


def why(installation: Installation, outreach_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(installation, "why", outreach_id, "--json"))["outreach"]
    return found


def becomes(installation: Installation, outreach_id: str, *states: str) -> dict[str, Any]:
    """What `why` says once the message has come to one of the states."""
    installation.comes(
        lambda rows: rows[0][0] in states,
        "select state from outreach where outreach_id = cast(:id as uuid)",
        id=outreach_id,
    )
    told = why(installation, outreach_id)
    assert told["state"] in states
    return told


def mails(installation: Installation, that: Callable[[Mail], bool]) -> list[Mail]:
    return [mail for mail in list_mail(installation.addresses.endpoint) if that(mail)]


def test_a_message_is_sent_once_reported_as_delivered_explained_and_its_reader_leaves(people: Installation) -> None:
    sent, bounced, refused = (propose(people, customer) for customer in ("OUT1", "OUT2", "OUT3"))

    # By the deployed schedule, for which no test of this file waits again.
    delivered = becomes(people, sent, "delivered")
    assert [attempt["outcome"] for attempt in delivered["attempts"]] == ["accepted"]
    assert delivered["policy_version"] != "contact-v1"
    (mail,) = mails(people, lambda mail: mail.subject == "A note for OUT1")
    assert (mail.to, "We kept your place." in mail.text, "<html" in mail.html) == (
        ["asha@people.example"],
        True,
        True,
    )

    failed = becomes(people, bounced, "failed")
    assert [attempt["outcome"] for attempt in failed["attempts"]] == ["accepted"]
    assert propose_refused(people, "OUT2") == "skipped"

    skipped = becomes(people, refused, "skipped")
    assert skipped["attempts"] == []
    assert mails(people, lambda mail: mail.subject == "A note for OUT3") == []

    (link,) = set(re.findall(r"http\S+/u/[A-Za-z0-9_-]+", mail.text))
    page = httpx.get(link, timeout=30, trust_env=False)
    assert (page.status_code, "<form" in page.text) == (200, True)
    assert "unsubscribed" not in said(people, "suppressions", "find", "--email", "asha@people.example")
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=30, trust_env=False).is_success
    assert "unsubscribed" in said(people, "suppressions", "find", "--email", "asha@people.example")
    assert propose_refused(people, "OUT1") == "skipped"
    screen = said(people, "why", "OUT1")
    assert max(len(line) for line in screen.splitlines()) <= 80


def propose_refused(people: Installation, customer: str) -> str:
    """What becomes of one more message to somebody who must not get one."""
    proposed = propose(people, customer)
    tick(people)
    return str(becomes(people, proposed, "skipped", "sent", "delivered", "failed")["state"])


def test_the_kill_switch_keeps_a_message_until_it_is_let_go(people: Installation) -> None:
    said(people, "channels", "stop", "all", "--because", "a test stops everything")
    began = datetime.now(UTC)
    waiting = propose(people, "OUT4")
    tick(people)
    try:
        # A whole tick that looks at nothing.
        heart = people.deployment.client("dynamodb")
        table = people.deployment.outputs["Heartbeats"]

        def ticked() -> bool:
            item = heart.get_item(TableName=table, Key={"schedule": {"S": "outreach"}}).get("Item")
            return item is not None and item["finished_at"]["S"] > began.strftime("%Y-%m-%dT%H:%M:%S")

        assert wait_until(ticked, seconds=150)
        assert why(people, waiting)["state"] == "scheduled"
    finally:
        said(people, "channels", "resume", "all", "--because", "the test is over")
    tick(people)
    becomes(people, waiting, "sent", "delivered")
