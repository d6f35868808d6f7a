"""Ticks that run at once, that are late, that never came, and that come with very much to do."""

from collections import Counter
from datetime import timedelta

import pytest

from beforehand.events.outreach import Ticked
from beforehand.outreach.delivery.claiming import CHUNK, MOST_CLAIMED
from beforehand.outreach.delivery.documents import Chunk, chunk_file
from beforehand.outreach.model import Channel, State
from beforehand_cli.local.postgres import Postgres
from tests.faults.books import standings
from tests.faults.desk import Desk
from tests.faults.people import plan, plan_many
from tests.faults.points import together

STATE_MOST = 256 * 1024
"""How many bytes Step Functions hands from one state to the next."""


@pytest.mark.fault(2)
def test_ticks_of_several_processes_at_once_claim_each_message_once(desk: Desk, postgres: Postgres) -> None:
    ids = plan_many(desk.database, "at once", count=1_000)

    def tick() -> None:
        own = desk.forked(postgres)
        for _ in range(5):
            own.tick()

    together(tick, processes=4)
    desk.tick()
    with desk.database.transaction() as t:
        attempts = t.rows("select outreach_id, attempt, chunk from outreach_attempts")
    assert Counter((row["outreach_id"], row["attempt"]) for row in attempts) == {(one, 1): 1 for one in ids}
    chunks = {row["chunk"] for row in attempts}
    written = [
        message.outreach_id for name in chunks for message in desk.files.read(chunk_file(name), Chunk).messages
    ]
    assert Counter(written) == dict.fromkeys(ids, 1)


@pytest.mark.fault(13)
def test_whatever_came_due_while_no_tick_came_is_claimed_by_the_next(desk: Desk) -> None:
    for missed in range(1, 61):
        ids = [
            *plan(desk.database, f"early {missed}", ahead=desk.ahead + timedelta(minutes=1)),
            *plan(desk.database, f"late {missed}", ahead=desk.ahead + timedelta(minutes=missed)),
        ]
        desk.ahead += timedelta(minutes=missed, seconds=1)
        desk.tick()
        claimed = {one for one, is_now in standings(desk.database, ids).items() if is_now.state is State.CLAIMED}
        assert claimed == set(ids), f"after {missed} minutes"


@pytest.mark.fault(33)
def test_however_much_is_due_only_names_of_chunks_travel_through_the_workflow(desk: Desk) -> None:
    with desk.database.transaction() as t:
        t.run(
            """insert into outreach (outreach_id, customer_id, purpose, cycle, channel, priority, due_at, not_after,
                                     language, subject, body, because, proposed_at)
               select gen_random_uuid(), 'F-' || n, 'manual', 'very many', 'email', 50, now(),
                      now() + interval '1 day', 'en', 'Hello', repeat('How are you? ', 20), 'it is tried out', now()
               from generate_series(1, 12000) n"""
        )
    chunks, _ = desk.tick()
    assert len(chunks) == MOST_CLAIMED // CHUNK
    state = Ticked(chunks=tuple(chunks) * len(Channel), unknowns=chunks[0], claimed=100_000, given_up=100_000)
    assert len(state.model_dump_json()) < STATE_MOST / 2
