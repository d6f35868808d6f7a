"""The virtual clock: from event to event, planners take their turns and ticks claim what is due, as ever."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol
from uuid import UUID

from beforehand.ids import from_content
from beforehand.journal.audit import Audited
from beforehand.journal.model import Decision
from beforehand.outreach.cases import Case
from beforehand.outreach.casework import fall_through
from beforehand.outreach.delivery.claiming import claim
from beforehand.outreach.delivery.documents import Message
from beforehand.outreach.delivery.model import LEASE, Claimed, Due
from beforehand.outreach.gate.decide import decide
from beforehand.outreach.gate.laws import Legal
from beforehand.outreach.gate.model import Action, Contact, Facts, Person, Verdict
from beforehand.outreach.gate.model import Planned as PlannedMessage
from beforehand.outreach.gate.places import place_of
from beforehand.outreach.model import Channel, Proposal, State
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.ledger import RehearsalLedger, full_minute
from beforehand.outreach.rehearsal.model import PERSON, Ended, Lane, Planned, Planner, Played, Wish
from beforehand.outreach.rehearsal.people import People
from beforehand.outreach.rehearsal.tally import Tally
from beforehand.outreach.rehearsal.trying import Samples, Trial

INSTANT = timedelta(microseconds=1)


class Beside(Protocol):
    """The copies of the ledger beside the real one, by which planners see what the rehearsal has done."""

    def propose(self, wishes: Sequence[Wish], *, now: datetime) -> frozenset[UUID]:
        """Plans each wish unless it is planned already; which were not."""

    def end(self, ended: Sequence[Ended]) -> None:
        """Writes down what came to an end."""

    def falls_next(self) -> datetime | None:
        """The first moment by which somebody would have to take a case, before it ends by itself."""

    def falling(self, *, now: datetime, limit: int) -> list[Case]:
        """Cases that nobody has taken by their moment."""

    def keep(self, case: Case) -> None:
        """Writes down how far a case is now."""

    def has_case(self, customer_id: str, *, now: datetime) -> bool:
        """Whether a case of a customer is open; what planners open later in their turn is not yet."""


@dataclass(kw_only=True, slots=True)
class Performance:
    """What a rehearsal came to."""

    tally: Tally
    messages: Mapping[UUID, Played]
    planned: list[Planned] = field(default_factory=list)
    ticks: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What is played, and on what: from `begin` on (a full minute) and before `end`.

    `parts_of` says how many parts a text message is billed as, by its text and its language; `trial`, of one that a
    template makes.
    """

    begin: datetime
    end: datetime
    policy: ContactPolicy
    legal: Legal
    lanes: Sequence[Lane]
    planners: Sequence[Planner]
    people: People
    beside: Beside
    parts_of: Callable[[str, str], int]
    trial: Trial


class _NoJournal:
    """Nothing of a rehearsal is entered."""

    def record(self, decisions: Iterable[Decision]) -> None:
        """Forgets them."""


class _NoAudit:
    """Nothing of a rehearsal is anybody's doing."""

    def record(self, entry: Audited) -> UUID:
        """Forgets it."""
        return UUID(int=0)


class _Mute:
    """Makes messages that nobody reads."""

    def __init__(self, trial: Trial, messages: Mapping[UUID, Played]) -> None:
        self._trial, self._messages = trial, messages

    def write(self, due: Due, facts: Facts, *, attempt: int, within: datetime | None) -> Message:
        """A message without words. Raises RefusedError where its template cannot be filled."""
        if due.template is not None:
            self._messages[due.outreach_id].parts = self._trial.parts(due, facts)
        return Message.model_construct(
            outreach_id=due.outreach_id, customer_id=due.customer_id, attempt=attempt, to="", contact="",
            subject="", body="", language=due.language, unsubscribe_url=None, template=None, template_version=None,
            within=within, because="",
        )  # fmt: skip


def play(
    scene: Scene, waiting: Iterable[Played], tally: Tally, *, progress: Callable[[datetime], None] = lambda at: None
) -> Performance:
    """Runs a scene from its begin to its end; `waiting` is what lies in the ledger.

    Nothing is looked at in between: the clock jumps to the next turn of a planner, the next moment at which
    something is due, or the next minute while there is more than the rate lets go.
    """
    return _Play(scene, tally, progress).run(waiting)


class _Play:
    """One rehearsal while it runs."""

    def __init__(self, scene: Scene, tally: Tally, progress: Callable[[datetime], None]) -> None:
        self._scene, self._tally, self._progress = scene, tally, progress
        self._ledger = RehearsalLedger(scene.lanes, tally, begin=scene.begin)
        self._done = Performance(tally=tally, messages=self._ledger.messages)
        self._mute, self._samples = _Mute(scene.trial, self._ledger.messages), Samples()
        self._falls_at: datetime | None = None
        """When the next case ends by itself."""
        self._opening: list[tuple[datetime, str]] = []
        """Cases that open later in the turn that planned them, by their customer."""
        self._now = scene.begin

    def run(self, waiting: Iterable[Played]) -> Performance:
        """From begin to end."""
        scene, turns = self._scene, self._turns()
        for played in waiting:
            self._take_in(played)
        scene.people.load(played.due.customer_id for played in self._ledger.messages.values())
        self._now = scene.begin - INSTANT
        self._falls_at = scene.beside.falls_next()
        while True:
            turn = turns[0][0] if turns else None
            at = min(filter(None, (self._ledger.next_look(self._now), self._next_fall(), turn)), default=None)
            if at is None or at >= scene.end:
                break
            self._progress(at)
            if turn is not None and turn <= at:
                _, until, planner = turns.pop(0)
                self._plan(planner, turn, until)
            else:
                self._tick(at)
        self._ledger.expire(scene.end - INSTANT)
        return self._done

    def _next_fall(self) -> datetime | None:
        """The first tick at which a case ends by itself."""
        return self._falls_at and full_minute(max(self._falls_at, self._now + INSTANT))

    def _turns(self) -> list[tuple[datetime, datetime, Planner]]:
        """Every turn of every planner until the end, each with when it is over."""
        begin, end, found = self._scene.begin, self._scene.end, []
        for planner in self._scene.planners:
            moments = list(planner.turns(begin=begin, end=end))
            found += [(at, until, planner) for at, until in zip(moments, [*moments[1:], end], strict=True)]
        return sorted(found, key=lambda turn: turn[0])

    def _take_in(self, played: Played) -> None:
        """A message of the ledger as it stands when the rehearsal begins."""
        lane = next((lane for lane in self._scene.lanes if lane.channel is played.due.channel), None)
        rule = None
        if played.next_at is None and played.rules == [PERSON]:
            played.rules, rule = [], PERSON
        elif played.next_at is None and lane is not None and lane.sends:
            # Production lets go at its next tick what was held for a channel that is live.
            played.next_at = self._scene.begin
        elif played.next_at is None:
            rule = "dry_run" if lane is None or lane.is_set_up else "not_set_up"
        self._ledger.add(played)
        self._tally.began(played, rule, at=self._scene.begin)

    def _plan(self, planner: Planner, at: datetime, until: datetime) -> None:
        scene = self._scene
        self._ledger.expire(at)
        scene.beside.end(self._ledger.ended())
        plans = planner.plan(at=at, until=until, policy=scene.policy)
        new = scene.beside.propose(plans.wishes, now=at)
        scene.people.load(wish.proposal.customer_id for wish in plans.wishes)
        for wish in plans.wishes:
            if wish.proposal.outreach_id in new:
                self._propose(wish)
            if wish.case is not None:
                heappush(self._opening, (wish.proposed_at, wish.case.customer_id))
        self._falls_at = scene.beside.falls_next()
        self._done.planned.append(
            Planned(
                planner=planner.name,
                at=at,
                proposed=len(new),
                already=len(plans.wishes) - len(new),
                cases=sum(wish.case is not None for wish in plans.wishes),
                left_alone=dict(plans.left_alone),
            )
        )

    def _propose(self, wish: Wish) -> None:
        proposal = wish.proposal
        due_at = max(proposal.due_at, wish.proposed_at)
        played = Played(
            due=_due(proposal, self._samples),
            priority=proposal.priority,
            next_at=None if proposal.held else due_at,
            at=wish.proposed_at,
            parts=self._scene.parts_of(proposal.body, proposal.language) if proposal.channel is Channel.SMS else 1,
            proposed=True,
        )
        self._ledger.add(played)
        self._tally.planned(played, PERSON if proposal.held else None, at=wish.proposed_at)

    def _tick(self, at: datetime) -> None:
        """One tick, by the code that claims in production."""
        scene, self._now = self._scene, at
        self._done.ticks += 1
        while self._opening and self._opening[0][0] <= at:
            scene.people.taken_over(heappop(self._opening)[1])
        self._ledger.rules.clear()
        self._ledger.expire(at)
        if self._falls_at is not None and self._falls_at <= at:
            self._fall_through(at)
        told = claim(
            from_content("rehearsed tick", at.isoformat()),
            ledger=self._ledger,
            facts_of=self._facts_of,
            decide=self._decide,
            policy_version=scene.policy.version,
            writer=self._mute,
            journal=_NoJournal(),
            stopped=frozenset(),
            now=at,
            available=frozenset(lane.channel for lane in scene.lanes if lane.is_set_up),
        )
        self._note(told.claimed)

    def _fall_through(self, at: datetime) -> None:
        """Ends the cases that nobody has taken by now, by the code that does it in production."""
        beside = self._scene.beside
        moves = fall_through(cases=beside, desk=self._ledger, audit=_NoAudit(), now=at, task="rehearsal")
        for customer_id in {move.case.customer_id for move in moves}:
            if not beside.has_case(customer_id, now=at):
                self._scene.people.given_up(customer_id)
        self._falls_at = beside.falls_next()

    def _facts_of(self, customer_ids: Sequence[str]) -> Mapping[str, Facts]:
        return self._scene.people.of(customer_ids)

    def _decide(self, person: Person, planned: PlannedMessage, history: Sequence[Contact]) -> Verdict:
        scene = self._scene
        verdict = decide(person, planned, history, scene.policy, scene.legal, as_of=self._now, margin=LEASE)
        self._ledger.rules[planned.outreach_id] = verdict.rule
        if verdict.action is Action.SEND:
            played = self._ledger.messages[planned.outreach_id]
            played.country = place_of(person, scene.policy.home_zone).country
        return verdict

    def _note(self, claimed: Sequence[Claimed]) -> None:
        """Lets what was sent count in all that is decided later."""
        for one in claimed:
            due = self._ledger.messages[one.outreach_id].due
            contact = Contact(outreach_id=due.outreach_id, purpose=due.purpose, channel=due.channel, at=self._now)
            self._scene.people.contacted(due.customer_id, contact)


def _due(proposal: Proposal, samples: Samples) -> Due:
    """A proposal as the ledger would hold it."""
    return Due(
        outreach_id=proposal.outreach_id,
        customer_id=proposal.customer_id,
        purpose=proposal.purpose,
        channel=proposal.channel,
        state=State.HELD if proposal.held else State.SCHEDULED,
        attempt=0,
        due_at=proposal.due_at,
        not_after=proposal.not_after,
        automated=proposal.automated,
        language=proposal.language,
        subject="",
        body="",
        template=proposal.template,
        variables=samples.like(proposal.template, proposal.variables),
        state_because="a person decides first whether it goes" if proposal.held else None,
    )
