"""Somebody opts out while their message is on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from beforehand.outreach.gate.model import Facts
from beforehand.outreach.model import Channel, State
from beforehand.outreach.suppression.marks import DynamoMarks
from tests.faults.books import check, standings
from tests.faults.desk import Desk
from tests.faults.people import contact_of, facts_of, noon_on_a_wednesday, plan, shipped_gate
from tests.faults.points import Point
from tests.outreach.provider_server import ProviderServer

IN_TIME = (Point.BEFORE_CLAIM_COMMIT, Point.BEFORE_CHUNK, Point.AFTER_CHUNK, Point.BEFORE_BEGIN)


@pytest.mark.fault(31)
@pytest.mark.parametrize("when", [None, *IN_TIME], ids=lambda when: when or "before the tick")
def test_whoever_opts_out_before_their_message_is_begun_is_not_contacted(
    desk: Desk, provider: ProviderServer, when: Point | None
) -> None:
    desk.ahead = noon_on_a_wednesday(desk.database)
    one, other = ids = plan(desk.database, f"opts out {when}", count=2, ahead=desk.ahead)
    leaving = "F-000000"
    out = set[str]()

    def opt_out() -> None:
        DynamoMarks(desk.gates._table).put(contact_of(leaving), by="the test", now=desk.clock())
        out.add(leaving)

    def known(customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        return {
            customer_id: replace(
                facts,
                person=replace(facts.person, suppressed=frozenset(Channel) if customer_id in out else frozenset()),
            )
            for customer_id, facts in facts_of(customer_ids).items()
        }

    def reach(here: Point) -> None:
        if here is when and not out:
            opt_out()

    if when is None:
        opt_out()
    leaves = replace(desk, decide_at=shipped_gate, facts_of=known, reach=reach)
    leaves.whole()
    leaves.drain(ids)
    check(desk, ids, provider.taken())
    ends = standings(desk.database, ids)
    assert (ends[one].state, ends[other].state) == (State.SKIPPED, State.SENT)
    assert [call["outreach_id"] for call in provider.calls()] == [str(other)]
