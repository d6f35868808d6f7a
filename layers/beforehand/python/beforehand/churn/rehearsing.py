"""The scans of the coming days, as a rehearsal plays them: chosen and judged by the rules of real ones."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from beforehand.churn.briefing import brief_of
from beforehand.churn.documents import Brief, Draft
from beforehand.churn.escalating import case_of
from beforehand.churn.model import Facts, Selected, Trigger
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.recording import cycle_of, proposal_of
from beforehand.ids import from_content
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.model import Plans, Wish
from beforehand.schedules.model import next_due

INSTANT = timedelta(microseconds=1)
DAY = timedelta(days=1)


class Candidates(Protocol):
    """Where scans choose."""

    def prepare(self, *, begin: datetime) -> None:
        """Lays copies of what scans write beside the real tables."""

    def select(self, run_id: UUID, *, trigger: Trigger, due_at: datetime, policy: ContactPolicy) -> Selected:
        """Finds whom to treat."""

    def facts(self, run_id: UUID, *, as_of: datetime, profile: ScoreProfile) -> list[Facts]:
        """What decides about each who was chosen, best first."""


class ScansRehearsed:
    """Plays all scans of a day (UTC) at once.

    Ranks change from day to day only, so the first scan takes the best of the free, the second the next best …
    """

    name = "churn scan"

    def __init__(
        self, candidates: Candidates, *, usual: Trigger, profile: ScoreProfile, every_minutes: int
    ) -> None:
        self._candidates, self._usual, self._profile = candidates, usual, profile
        self._every_minutes = every_minutes

    def prepare(self, *, begin: datetime) -> None:
        """Lays copies beside the real tables."""
        self._candidates.prepare(begin=begin)

    def turns(self, *, begin: datetime, end: datetime) -> Sequence[datetime]:
        """At the begin, and at each midnight after it."""
        midnight = begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        found = [begin]
        while midnight < end:
            found.append(midnight)
            midnight += DAY
        return found

    def plan(self, *, at: datetime, until: datetime, policy: ContactPolicy) -> Plans:
        """What the scans of a day would propose; by today's scores, and in turn."""
        scans = list(self._scans(at, until))
        if not scans:
            return Plans()
        run_id = from_content("rehearsed scans", at.isoformat())
        each = self._usual.max_interventions
        trigger = replace(self._usual, max_interventions=each * len(scans))
        found = self._candidates.select(run_id, trigger=trigger, due_at=scans[0], policy=policy)
        known = self._candidates.facts(run_id, as_of=scans[0], profile=self._profile)
        wishes = [self._wish(facts, run_id, scans[place // each]) for place, facts in enumerate(known)]
        return Plans(wishes=wishes, left_alone={k: v for k, v in asdict(found.left_alone).items() if v})

    def _scans(self, at: datetime, until: datetime) -> Iterator[datetime]:
        due_at = next_due(at - INSTANT, minutes=self._every_minutes)
        while due_at < until:
            yield due_at
            due_at = next_due(due_at, minutes=self._every_minutes)

    def _wish(self, facts: Facts, run_id: UUID, due_at: datetime) -> Wish:
        brief = brief_of(facts, run_id=run_id, due_at=due_at, profile=self._profile)
        proposal = proposal_of(brief, _unwritten(brief))
        case = case_of(brief, cycle=cycle_of(brief), outreach_id=proposal.outreach_id)
        return Wish(proposed_at=due_at, proposal=proposal, case=case)


def _unwritten(brief: Brief) -> Draft:
    """In place of the message, which is written only when it is proposed."""
    return Draft.model_construct(
        run_id=brief.run_id, customer_id=brief.customer_id, language=brief.language or "en", language_name="",
        subject="", body="", tone="", because="when it is proposed", refused=None, model=None,
    )  # fmt: skip
