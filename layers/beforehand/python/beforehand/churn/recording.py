"""What a scan made of each customer, as a proposal, a case, a line of the result and an entry of the journal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beforehand.churn.documents import Brief, Draft, Intervention, ScanResult
from beforehand.churn.escalating import HELD, case_of
from beforehand.churn.model import Candidate, Selected
from beforehand.churn.prices import Prices
from beforehand.journal.model import Decision
from beforehand.outreach.cases import NewCase
from beforehand.outreach.model import Proposal, Purpose
from beforehand.results import Result, Status
from beforehand.schedules.model import Run, Totals

VALID_FOR = timedelta(days=7)
ACTIONS = {Status.DONE: "propose", Status.SKIPPED: "skip", Status.FAILED: "fail"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Treated:
    """One candidate with what the steps before have left for them, as far as they have.

    A run `looks_back` when what it finds is too old to act on: it opens no case.
    """

    candidate: Candidate
    brief: Brief | None
    draft: Draft | None
    looks_back: bool = False

    @property
    def proposal(self) -> Proposal | None:
        """The wish to send the draft, or None where nothing may be sent."""
        if self.brief is None or self.draft is None or self.draft.refused is not None:
            return None
        return proposal_of(self.brief, self.draft)

    @property
    def case(self) -> NewCase | None:
        """The wish that a person takes over, or None. It does not need a message that could be written."""
        if self.brief is None or self.looks_back:
            return None
        outreach_id = None if self.proposal is None else self.proposal.outreach_id
        return case_of(self.brief, cycle=cycle_of(self.brief), outreach_id=outreach_id)


def cycle_of(brief: Brief) -> str:
    """The occasion of an intervention: once a day for a customer at most."""
    return f"{brief.due_at.astimezone(UTC):%Y-%m-%d}"


def proposal_of(brief: Brief, draft: Draft) -> Proposal:
    """The wish to send a draft: once a day for a customer at most, and not later than 7 days after the scan.

    Where a person takes over, the message waits for them: it never comes between them and the customer.
    """
    escalated = f"; {HELD}" if brief.plan.escalate else ""
    return Proposal(
        customer_id=brief.customer_id,
        purpose=Purpose.CHURN_INTERVENTION,
        cycle=cycle_of(brief),
        step=0,
        channel=brief.channel,
        priority=round(brief.risk * 100),
        due_at=brief.due_at,
        not_after=brief.due_at + VALID_FOR,
        language=draft.language,
        subject=draft.subject,
        body=draft.body,
        because=(
            f"health {brief.health:.1f}%, churn risk {brief.risk:.1%}: {brief.pattern.issue}; "
            f"written {draft.because}{escalated}"
        ),
        run_id=brief.run_id,
        held=brief.plan.escalate,
    )


def intervention(one: Treated, result: Result) -> Intervention:
    """What became of a customer, as screens and mails show it."""
    brief, draft, proposal, case = one.brief, one.draft, one.proposal, one.case
    return Intervention(
        position=one.candidate.position,
        customer_id=one.candidate.customer_id,
        segment=brief and brief.signals.segment,
        loyalty_tier=brief and brief.signals.loyalty_tier,
        health=one.candidate.health,
        risk=one.candidate.risk,
        issue=brief.pattern.issue if brief else "",
        action=brief and brief.plan.action,
        priority=brief and brief.plan.priority,
        escalate=case is not None,
        case_id=case and case.case_id,
        case_due_at=case and case.due_at,
        language=draft and draft.language,
        language_name=draft and draft.language_name,
        outreach_id=proposal and proposal.outreach_id,
        status=result.status,
        because=result.because,
    )


def decision(run: Run, found: Selected, one: Treated, end: Intervention, *, now: datetime) -> Decision:
    """The journal's entry; `facts` has what was known and by which thresholds it was judged."""
    brief, draft = one.brief, one.draft
    facts: dict[str, Any] = {
        **asdict(one.candidate),
        **asdict(found.trigger),
        "language": end.language,
        "segment": end.segment,
        "loyalty_tier": end.loyalty_tier,
        "case_id": None if end.case_id is None else str(end.case_id),
    }
    if brief is not None:
        facts |= {
            "coverage": brief.coverage,
            "velocity": brief.velocity,
            "lost": {c.factor: round(c.lost, 1) for c in brief.contributions if c.share is not None},
            "cause": brief.pattern.cause,
            "issue": brief.pattern.issue,
            "evidence": list(brief.pattern.evidence),
            "plan": asdict(brief.plan),
            "urgency": brief.context.urgency,
            "channel": brief.channel,
        }
    if draft is not None and draft.model is not None:
        facts["model"] = asdict(draft.model)
    return Decision(
        decided_at=now,
        capability="churn",
        kind="intervention",
        action=ACTIONS[end.status],
        because=end.because,
        rule=f"churn {brief.profile}" if brief else "churn",
        customer_id=end.customer_id,
        outreach_id=end.outreach_id,
        run_id=run.run_id,
        facts=facts,
    )


def statistics(found: Selected, customers: Sequence[Intervention], treated: Sequence[Treated]) -> dict[str, int]:
    """What a run counted."""
    counts = Counter(customer.status for customer in customers)
    asked = [one.draft.model for one in treated if one.draft is not None and one.draft.model is not None]
    return {
        "proposed": counts[Status.DONE],
        "skipped": counts[Status.SKIPPED],
        "failed": counts[Status.FAILED],
        "cases": sum(customer.case_id is not None for customer in customers),
        "at_risk": found.at_risk,
        **asdict(found.left_alone),
        "insufficient": found.insufficient,
        "model_calls": sum(model.calls for model in asked),
        "model_letters": sum(model.wrote for model in asked),
        "input_tokens": sum(model.input_tokens for model in asked),
        "output_tokens": sum(model.output_tokens for model in asked),
    }


def scan_result(
    run: Run,
    found: Selected,
    customers: tuple[Intervention, ...],
    counted: dict[str, int],
    totals: Totals,
    *,
    prices: Prices | None,
    now: datetime,
) -> ScanResult:
    """Everything that a screen shows of a finished scan."""
    return ScanResult(
        run_id=run.run_id,
        due_at=run.due_at,
        started_at=run.started_at,
        finished_at=now,
        seconds=(now - run.started_at).total_seconds(),
        **asdict(found.trigger),
        **counted,
        left_alone=found.left_alone,
        estimated_cost=prices and prices.of(counted["input_tokens"], counted["output_tokens"]),
        customers=customers,
        total_scans=totals.scans,
        total_proposed=totals.proposed,
    )
