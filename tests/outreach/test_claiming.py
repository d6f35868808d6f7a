"""A tick claims what the gate lets go: each contact counts once, and no message keeps the others from going."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from beforehand.errors import RefusedError
from beforehand.ids import from_content
from beforehand.journal.model import Decision
from beforehand.outreach.delivery.claiming import STUMBLED_REST, Claims, claim
from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.delivery.model import Due, Mode
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Planned, Verdict
from beforehand.outreach.model import Channel, Purpose, State
from tests.faults.ledger import MemoryLedger
from tests.faults.world import Words, proposal

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FREE = Verdict(action=Action.SEND, because="nothing is against it", rule="send")


class Entered:
    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def record(self, decisions: Sequence[Decision]) -> None:
        self.decisions += decisions


class Desk:
    """A ledger whose claims are history at once, as in the database; `histories` are what the gate was given."""

    def __init__(self, *channels: Channel, verdict: Verdict = FREE, writer: Words | None = None) -> None:
        self.ledger = MemoryLedger(modes=dict.fromkeys(channels, Mode.LIVE))
        self.histories: list[list[Contact]] = []
        self.journal, self.verdict, self.writer = Entered(), verdict, writer or Words()

    def tick(self) -> Claims:
        return claim(
            from_content("tick"), ledger=self.ledger, facts_of=self.facts_of, decide=self.decide,
            policy_version="1", writer=self.writer, journal=self.journal, stopped=frozenset(), now=NOW,
        )  # fmt: skip

    def decide(self, person: Person, planned: Planned, history: Sequence[Contact]) -> Verdict:
        self.histories.append(list(history))
        if person.customer_id == "odd":
            raise ZoneInfoMissing("Nowhere/Nothing")
        return self.verdict

    def facts_of(self, customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        return {
            one: Facts(
                person=Person(
                    customer_id=one, zone="Etc/UTC", country=None, consent=True, reachable=frozenset(Channel)
                ),
                history=tuple(
                    Contact(outreach_id=row.outreach_id, purpose=Purpose.MANUAL, channel=row.channel, at=NOW)
                    for row in self.ledger.rows.values()
                    if row.customer_id == one and row.state is State.CLAIMED
                ),
            )
            for one in customer_ids
        }  # fmt: skip


class ZoneInfoMissing(Exception):
    pass


def test_what_went_by_another_channel_in_this_tick_counts_once() -> None:
    desk = Desk(Channel.EMAIL, Channel.SMS)
    by_email, by_sms = proposal("C1", Channel.EMAIL, due_at=NOW), proposal("C1", Channel.SMS, due_at=NOW, step=1)
    desk.ledger.propose([by_email, by_sms])
    assert len(desk.tick().claimed) == 2
    assert [[one.outreach_id for one in history] for history in desk.histories] == [[], [by_email.outreach_id]]


def test_what_went_in_the_same_batch_counts_for_the_next_of_the_same_person() -> None:
    desk = Desk(Channel.EMAIL)
    desk.ledger.propose([proposal("C1", Channel.EMAIL, due_at=NOW, step=step) for step in range(3)])
    desk.tick()
    assert [len(history) for history in desk.histories] == [0, 1, 2]


def test_a_message_that_goes_carries_how_long_it_is_welcome() -> None:
    desk = Desk(Channel.SMS, verdict=replace(FREE, within=NOW + timedelta(minutes=9)))
    desk.ledger.propose([proposal("C1", Channel.SMS, due_at=NOW)])
    (chunk,) = desk.tick().chunks
    assert [one.within for one in chunk.messages] == [NOW + timedelta(minutes=9)]


class StumblingWords(Words):
    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        if due.customer_id == "odd":
            raise KeyError("asha@example.com")
        if due.customer_id == "refused":
            raise RefusedError("its template needs a name")
        return super().write(due, facts, attempt=attempt, within=within)


@pytest.mark.parametrize("writer", [Words(), StumblingWords()])
def test_a_message_at_which_the_gate_or_its_writer_stumbles_rests_and_keeps_no_other(writer: Words) -> None:
    desk = Desk(Channel.EMAIL, writer=writer)
    if isinstance(writer, StumblingWords):
        desk.decide = lambda *_: FREE  # type: ignore[method-assign]
    people = ["one", "odd", "other", "refused"]
    desk.ledger.propose([proposal(one, Channel.EMAIL, due_at=NOW - timedelta(hours=1)) for one in people])
    claims = desk.tick()
    rows = {row.customer_id: row for row in desk.ledger.rows.values()}
    assert rows["one"].state is rows["other"].state is State.CLAIMED
    assert (rows["odd"].state, rows["odd"].next_at) == (State.SCHEDULED, NOW + STUMBLED_REST)
    name = "KeyError" if isinstance(writer, StumblingWords) else "ZoneInfoMissing"
    assert rows["odd"].because == f"it could not be looked at: that failed with {name}; it is tried again"
    assert claims.stumbled == 1
    assert (rows["refused"].state is State.SKIPPED) == isinstance(writer, StumblingWords)


class Translated(Words):
    """Writes as somebody who chose a language."""

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        written = super().write(due, facts, attempt=attempt, within=within)
        return written.model_copy(update={"because": "in Hindi, as they prefer"})


def test_in_which_language_and_why_is_told_with_the_claim_and_in_the_journal() -> None:
    desk = Desk(Channel.EMAIL, writer=Translated())
    desk.ledger.propose([proposal("C1", Channel.EMAIL, due_at=NOW)])
    [claimed] = desk.tick().claimed
    assert claimed.because == "the gate let it go; in Hindi, as they prefer"
    [decision] = desk.journal.decisions
    assert (decision.because, decision.facts["written"]) == (FREE.because, "in Hindi, as they prefer")
