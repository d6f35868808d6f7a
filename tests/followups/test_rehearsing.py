"""The looks for the inactive of the coming days, as a rehearsal plays them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from beforehand.followups.model import Known, Rules, Wish
from beforehand.followups.rehearsing import InactiveRehearsed
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy

BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class People:
    """Five who left a day after each other; the last of them thirty days before the second look."""

    def since(self, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        left = {f"C{number}": BEGIN - timedelta(days=28 + number) for number in range(5)}
        return [one for one in left.items() if one[1] <= now - timedelta(days=30)][:limit]

    def planned_since(self, moment: datetime) -> int:
        return 0

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        return [
            Known(customer_id=wish.customer_id, customer_no=1, language=None, zone=None, country=None,
                  channels=frozenset({Channel.EMAIL}), past_customer=True, scores=(), earlier=0)
            for wish in wishes
        ]  # fmt: skip


def planner(a_day: int, hour: int | None = 9) -> InactiveRehearsed:
    rules, zone = Rules(reengaged_a_day=a_day), ZoneInfo("Asia/Kolkata")
    made = InactiveRehearsed(
        People(), lambda policy: lambda known, wish, at: at, rules=rules, hour=hour, zone=zone, company_zone=zone,
        language="en",
    )  # fmt: skip
    made.prepare(begin=BEGIN)
    return made


def asked(made: InactiveRehearsed, days: int) -> list[list[str]]:
    turns = made.turns(begin=BEGIN, end=BEGIN + days * DAY)
    plans = [made.plan(at=at, until=at + DAY, policy=ContactPolicy()) for at in turns]
    return [[wish.proposal.customer_id for wish in plan.wishes] for plan in plans]


def test_each_day_looks_once_at_its_hour_and_asks_nobody_twice() -> None:
    made = planner(10)
    turns = made.turns(begin=BEGIN, end=BEGIN + 3 * DAY)
    assert turns == [BEGIN.replace(hour=3, minute=30) + number * DAY for number in range(3)]
    assert asked(made, 3) == [["C2", "C3", "C4"], ["C1"], ["C0"]]


def test_a_day_asks_no_more_than_it_may_and_the_rest_wait_for_the_next() -> None:
    assert asked(planner(2), 4) == [["C2", "C3"], ["C1", "C4"], ["C0"], []]


def test_another_policy_finds_the_same_people() -> None:
    made = planner(2)
    first = asked(made, 3)
    assert asked(made, 3) == first


def test_what_is_proposed_is_what_would_be() -> None:
    made = planner(10)
    [at, *_] = made.turns(begin=BEGIN, end=BEGIN + DAY)
    wish = made.plan(at=at, until=at + DAY, policy=ContactPolicy()).wishes[0]
    assert (wish.proposed_at, wish.case) == (at, None)
    proposal = wish.proposal
    assert (proposal.purpose, proposal.template) == (Purpose.RE_ENGAGEMENT, "reengagement_past_customer")
    assert at <= proposal.due_at < at + timedelta(hours=1)


def test_where_nobody_looks_nobody_is_asked() -> None:
    assert asked(planner(10, hour=None), 3) == []
