"""Makes follow-ups of wishes, moves them and calls them back, always through the desk of outreach."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from beforehand.followups import rules as rule
from beforehand.followups.model import CUSTOM, Job, Kind, Known, Planned, Rules, Wish
from beforehand.journal.model import Decision
from beforehand.outreach.cases import NewCase
from beforehand.outreach.model import Proposal
from beforehand.outreach.person_first import low_emotion, propose_first
from beforehand.outreach.recalling import Entry, Recall, cancel, move
from beforehand.results import Result, Status

MOST_OF_A_NAME = 20
"""How many follow-ups of one customer may come due in one second."""

Openings = Callable[[Known, Wish, datetime], datetime]
"""When the send window is open for a customer, from a moment on."""


class Jobs(Protocol):
    """Where follow-ups are kept."""

    def known(self, wishes: Sequence[Wish]) -> list[Known | None]:
        """What is known of each customer, in the order of the wishes; None: there is no such customer."""

    def add(self, job: Job, rules: Rules) -> bool:
        """Keeps a follow-up; False where its customer has another for an event that close, or it has this name."""

    def is_taken(self, job: Job) -> bool:
        """Whether a follow-up of another occasion has this name."""

    def close_ended(self, job: Job, rules: Rules) -> int:
        """Lets go of those in the way whose message will not go any more; how many they were."""

    def drop(self, job_id: str) -> None:
        """Takes one away that was kept in this transaction."""

    def cancelled(self, job_id: str, *, by: str | None, now: datetime) -> None:
        """Writes down that it is called back, so that another may take its place."""

    def move(self, job: Job, rules: Rules, *, because: str, by: str | None, now: datetime) -> bool:
        """Writes down that it is due at another time; keeps when it was due before.

        False: another took that place at the same moment, and nothing is written.
        """

    def in_the_way(self, job: Job, rules: Rules) -> str | None:
        """Another open follow-up of this customer whose event is that close, by its name."""

    def choose_again(self, job_id: str, template: str) -> None:
        """Writes down that another template fits better by now."""


class Desk(Protocol):
    """The desk that everything which contacts a customer goes through."""

    def propose(self, proposals: Sequence[Proposal], *, now: datetime) -> list[Result]:
        """Plans each proposal unless it is planned already, in their order."""


class Ledger(Protocol):
    """The desk's ledger, as far as planned messages are moved and called back."""

    def hold(self, outreach_id: UUID) -> Entry | None:
        """One outreach, which nobody else can move before this transaction ends."""

    def cancel(self, outreach_id: UUID, *, because: str, now: datetime) -> None:
        """Ends a held row of the ledger: it goes never."""

    def move(self, outreach_id: UUID, *, due_at: datetime, because: str, now: datetime) -> None:
        """Makes a held row of the ledger due at another time."""

    def say(self, outreach_id: UUID, *, template: str, because: str, now: datetime) -> None:
        """Gives a held row of the ledger another template."""


class Cases(Protocol):
    """Where people are asked to do something."""

    def open(self, cases: Sequence[NewCase], *, now: datetime) -> list[Result]:
        """Opens each case unless its occasion has one, in their order."""


class Journal(Protocol):
    """Where decisions are kept."""

    def record(self, decisions: Iterable[Decision]) -> None:
        """Adds decisions, each once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Plans follow-ups at one moment."""

    jobs: Jobs
    desk: Desk
    ledger: Ledger
    cases: Cases
    journal: Journal
    rules: Rules
    language: str
    """What is written to whoever's language nobody knows."""
    opens: Openings
    now: datetime

    def plan(self, wishes: Sequence[Wish]) -> list[Planned]:
        """Makes a follow-up of each wish, in their order, or says why there is none."""
        known = self.jobs.known(wishes)
        return [self._plan(wish, one) for wish, one in zip(wishes, known, strict=True)]

    def call_back(self, job: Job, *, because: str, by: str | None) -> Recall:
        """Calls one back whose message has not gone; says so where it is too late."""
        entry = self.ledger.hold(job.outreach_id)
        if entry is None:
            return Recall(status=Status.FAILED, because="its message is not in the ledger")
        done = cancel(entry, because=because)
        if done.status is Status.DONE:
            self.ledger.cancel(job.outreach_id, because=done.because, now=self.now)
            self.jobs.cancelled(job.job_id, by=by, now=self.now)
            self._note(job, "cancel", done.because)
        return done

    def move(
        self, job: Job, *, due_at: datetime, event_at: datetime | None, because: str, by: str | None
    ) -> Recall:
        """Makes one due at another time, in place; what should have gone by then goes now."""
        entry = self.ledger.hold(job.outreach_id)
        if entry is None:
            return Recall(status=Status.FAILED, because="its message is not in the ledger")
        done = move(entry, because=because)
        if done.status is not Status.DONE:
            return done
        moved = replace(job, scheduled_at=max(due_at, self.now), event_at=event_at or job.event_at)
        if (moved.scheduled_at, moved.event_at) == (job.scheduled_at, job.event_at):
            return Recall(status=Status.SKIPPED, because="it is due then already")
        self.jobs.close_ended(moved, self.rules)
        if other := self.jobs.in_the_way(moved, self.rules):
            because = f"{other} follows up an event of theirs that close already; cancel one of the two"
            return Recall(status=Status.FAILED, because=because)
        if not self.jobs.move(moved, self.rules, because=because, by=by, now=self.now):
            because = "another follow-up of theirs took that place at the same moment; look which, and try again"
            return Recall(status=Status.FAILED, because=because)
        self.ledger.move(job.outreach_id, due_at=moved.scheduled_at, because=because, now=self.now)
        self._note(job, "move", because)
        return done

    def choose_again(self, job: Job) -> str | None:
        """Gives a follow-up that has not gone the template that fits how its customer feels now; None: it has it.

        Whoever does not feel well any more gets the gentle message; that a person comes first is asked elsewhere.
        """
        wish = Wish(kind=job.kind, customer_id=job.customer_id, key=job.cycle, due_at=job.scheduled_at, because="",
                    conversation_id=job.conversation_id)  # fmt: skip
        [known] = self.jobs.known([wish])
        choice = rule.choose(job.kind, known, self.rules) if known else None
        if choice is None or job.template in (choice.template, CUSTOM):
            return None
        entry = self.ledger.hold(job.outreach_id)
        if entry is None or move(entry, "").status is not Status.DONE:
            return None
        because = f"another template fits better: {choice.because}"
        self.ledger.say(job.outreach_id, template=choice.template, because=because, now=self.now)
        self.jobs.choose_again(job.job_id, choice.template)
        self._note(replace(job, template=choice.template), "rewrite", because)
        return choice.template

    def _plan(self, wish: Wish, known: Known | None) -> Planned:
        if known is None:
            return Planned(wish=wish, job_id=None, because="there is no such customer; import them first")
        channel = rule.channel_of(wish, known)
        if channel is None or channel not in known.channels:
            because = f"no address for {channel} is known" if channel else "nothing is known that would reach them"
            return Planned(wish=wish, job_id=None, because=because)
        choice = rule.choose(wish.kind, known, self.rules)
        proposed = rule.proposal(
            wish, known, choice, channel, due_at=self._due(wish, known), language=known.language or self.language
        )
        job = self._kept(wish, known, choice, proposed)
        if job is None:
            return Planned(wish=wish, job_id=None, because=_taken(wish))
        [result] = self._proposed(proposed, choice)
        if result.status is not Status.DONE:
            self.jobs.drop(job.job_id)
            return Planned(wish=wish, job_id=None, because=result.because)
        self._note(job, "propose", proposed.because)
        return Planned(wish=wish, job_id=job.job_id, because=proposed.because)

    def _proposed(self, proposed: Proposal, choice: rule.Choice) -> list[Result]:
        """Whoever did not feel well hears of a person first, and of us when nobody took that up in time."""
        if not choice.low:
            return self.desk.propose([proposed], now=self.now)
        wish = low_emotion(proposed, because=choice.because, now=self.now, within=self.rules.answer_within)
        return propose_first([wish], outreach=self.desk, cases=self.cases, now=self.now)

    def _due(self, wish: Wish, known: Known) -> datetime:
        """What is due already goes now; very many who became inactive at once are spread over the next window."""
        if wish.due_at > self.now:
            return wish.due_at
        if wish.kind is not Kind.RE_ENGAGEMENT:
            return self.now
        return self.opens(known, wish, self.now) + rule.jitter(wish)

    def _kept(self, wish: Wish, known: Known, choice: rule.Choice, proposed: Proposal) -> Job | None:
        """The follow-up as it is kept now, or None where another is in its place."""
        number = 1
        while number <= MOST_OF_A_NAME:
            job = rule.job(wish, known, choice, proposed, number=number)
            if self.jobs.add(job, self.rules):
                return job
            if self.jobs.is_taken(job):
                number += 1
            elif not self.jobs.close_ended(job, self.rules):
                return None
        return None

    def _note(self, job: Job, action: str, because: str) -> None:
        self.journal.record(
            [
                Decision(
                    decided_at=self.now,
                    capability="followups",
                    kind=job.kind,
                    action=action,
                    because=because,
                    rule=f"followups {job.template}",
                    customer_id=job.customer_id,
                    outreach_id=job.outreach_id,
                    facts={"job_id": job.job_id, "template": job.template,
                           "scheduled_at": job.scheduled_at.isoformat()},
                )
            ]
        )  # fmt: skip


def _taken(wish: Wish) -> str:
    if wish.event_at is None:
        return "it is planned already"
    return "an event of theirs within the tolerance is followed up already"
