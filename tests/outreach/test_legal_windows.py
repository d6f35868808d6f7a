"""Laws are dated data with their sources, and hold where, for what and when they say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.laws import Legal
from beforehand.outreach.gate.legal import FILES, InvalidLegalFileError, read, shipped
from beforehand.outreach.gate.model import MARGIN, Action, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Hold, Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.window_text import read_hours
from beforehand.outreach.windows import SendWindow

ALL_DAY = (SendWindow(opens=read_hours("00:00–24:00")[0], closes=read_hours("00:00–24:00")[1]),)
POLICY = ContactPolicy(holdout_shares={}, send_windows=ALL_DAY)
PERSON = Person(
    customer_id="C1", zone="America/New_York", country="US", region="FL", consent=True,
    reachable=frozenset(Channel),
)  # fmt: skip
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
GOOD = """
[[windows]]
jurisdiction = "IN"
channels = ["sms"]
natures = ["marketing"]
hours = ["10:00–21:00"]
from_on = 2018-07-19
law = "A law"
section = "1"
url = "https://example.com/law"
seen_on = 2026-11-27
"""


def asked(
    at: datetime, person: Person = PERSON, channel: Channel = Channel.SMS,
    purpose: Purpose = Purpose.CHURN_INTERVENTION, legal: Legal | None = None,
) -> Verdict:  # fmt: skip
    planned = Planned(outreach_id=UUID(int=1), purpose=purpose, channel=channel, due_at=LONG_AGO, not_after=FOREVER)
    return decide(person, planned, (), POLICY, legal or shipped(), as_of=at)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def living(jurisdiction: str, zone: str) -> Person:
    country, _, region = jurisdiction.partition("-")
    return replace(PERSON, country=country, region=region or None, zone=zone)


@pytest.mark.parametrize("path", sorted(FILES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_is_of_one_country_and_each_law_has_a_source_and_a_day(path: Path) -> None:
    for law in read(path).windows:
        assert law.jurisdiction[:2] == path.stem.upper()
        assert law.law
        assert law.section
        assert law.url.host
        assert law.from_on <= law.seen_on
        assert Channel.EMAIL not in law.channels


@pytest.mark.parametrize(
    ("jurisdiction", "zone", "opens", "closes"),
    [
        ("IN", "Asia/Kolkata", "10:00", "21:00"),
        ("US-CA", "America/Los_Angeles", "08:00", "21:00"),
        ("US-FL", "America/New_York", "08:00", "20:00"),
        ("US-OK", "America/Chicago", "08:00", "20:00"),
        ("US-MD", "America/New_York", "08:00", "20:00"),
        ("US-WA", "America/Los_Angeles", "08:00", "20:00"),
        ("US", "America/Denver", "08:00", "20:00"),
    ],
)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
def test_marketing_by_phone_keeps_the_hours_of_the_law(
    jurisdiction: str, zone: str, opens: str, closes: str, channel: Channel
) -> None:
    person, minute = living(jurisdiction, zone), timedelta(minutes=1)
    opening, closing = local(f"2026-11-29T{opens}", zone), local(f"2026-11-29T{closes}", zone)
    before = asked(opening - minute, person, channel)
    assert (before.action, before.rule, before.hold, before.until) == (
        Action.HOLD, "legal_window", Hold.WINDOW, opening,
    )  # fmt: skip
    assert asked(opening, person, channel).action is Action.SEND
    assert asked(closing - MARGIN, person, channel).within == closing
    assert asked(closing - minute, person, channel).until == opening + timedelta(days=1)
    assert asked(closing, person, channel).until == opening + timedelta(days=1)


@pytest.mark.parametrize("jurisdiction", ["IN", "US-FL"])
def test_neither_email_nor_service_is_covered(jurisdiction: str) -> None:
    person = living(jurisdiction, "Asia/Kolkata")
    night = local("2026-11-29T23:00", "Asia/Kolkata")
    assert asked(night, person, Channel.EMAIL).action is Action.SEND
    assert asked(night, person, purpose=Purpose.EXPIRING_POLICY).action is Action.SEND
    assert asked(night, person).because.startswith("it is 23:00 on Sunday in Asia/Kolkata, and ")


def test_a_country_that_nobody_named_is_that_of_their_zone() -> None:
    person = replace(PERSON, zone="Asia/Kolkata", country=None, region=None)
    assert asked(local("2026-11-29T09:30", "Asia/Kolkata"), person).rule == "legal_window"


def test_a_law_that_begins_while_a_message_may_be_on_its_way_holds_it() -> None:
    law = next(law for law in shipped().windows if law.jurisdiction == "IN")
    soon = Legal((replace(law, from_on=date(2027, 1, 10)),))
    late = local("2027-01-09T23:58", "Asia/Kolkata")
    assert asked(late, living("IN", "Asia/Kolkata"), legal=soon).until == local("2027-01-10T10:00", "Asia/Kolkata")
    over = Legal((replace(law, until_on=date(2027, 1, 10)),))
    assert asked(late + timedelta(minutes=2), living("IN", "Asia/Kolkata"), legal=over).action is Action.SEND


def test_a_law_holds_from_its_day_and_up_to_its_end_only() -> None:
    law = next(law for law in shipped().windows if law.jurisdiction == "IN")
    dated = Legal((replace(law, from_on=date(2027, 1, 10), until_on=date(2027, 1, 20)),))
    person = living("IN", "Asia/Kolkata")
    night = local("2027-01-09T23:00", "Asia/Kolkata")
    assert asked(night, person, legal=dated).action is Action.SEND
    assert asked(night + timedelta(hours=1), person, legal=dated).until == local("2027-01-10T10:00", "Asia/Kolkata")
    last_night = local("2027-01-19T23:00", "Asia/Kolkata")
    over = asked(last_night, person, legal=dated)
    assert over.until == local("2027-01-20T00:00", "Asia/Kolkata")
    assert asked(over.until, person, legal=dated).action is Action.SEND


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ('hours = ["10:00–21:00"]', 'hours = ["10–21"]', "'10–21' is no window; write it as 09:00–20:00"),
        ('law = "A law"', "", "windows.0.law: Field required"),
        ('url = "https://example.com/law"', 'url = "a book"', "windows.0.url"),
        ("from_on = 2018-07-19", "from_on = 2018-07-19\nuntil_on = 2018-07-19", "until_on is not after from_on"),
        ('channels = ["sms"]', "channels = []", "windows.0.channels"),
        ('channels = ["sms"]', 'channels = ["fax"]', "windows.0.channels"),
        ("[[windows]]", "[[windows]", "is no TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, was: str, becomes: str, message: str) -> None:
    path = tmp_path / "in.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert read(path).windows[0].window().jurisdiction == "IN"
    path.write_text(GOOD.replace(was, becomes), encoding="utf-8")
    with pytest.raises(InvalidLegalFileError) as refused:
        read(path)
    assert "in.toml" in str(refused.value)
    assert message in str(refused.value)
