"""When a person takes over: the case that is opened, and the message that waits for them."""

from datetime import timedelta
from uuid import UUID

from beforehand.churn.documents import Brief
from beforehand.outreach.cases import Kind, NewCase, Role

HELD = "held until the person who takes over lets it go"


def case_of(brief: Brief, *, cycle: str, outreach_id: UUID | None) -> NewCase | None:
    """The case that an escalated customer has, or None; it is due so long after the scan as the plan says."""
    if not brief.plan.escalate:
        return None
    labels = ", ".join(label for label in (brief.signals.segment, brief.signals.loyalty_tier) if label)
    return NewCase(
        kind=Kind.ESCALATION,
        customer_id=brief.customer_id,
        cycle=cycle,
        outreach_id=outreach_id,
        run_id=brief.run_id,
        role=Role.OPERATOR,
        subject=f"Take over {brief.customer_id}" + (f" ({labels})" if labels else ""),
        because=(
            f"health {brief.health:.1f}%, churn risk {brief.risk:.1%}: {brief.pattern.issue}; {brief.plan.because}"
        ),
        priority=round(brief.risk * 100),
        due_at=brief.due_at + timedelta(hours=brief.plan.answer_within_hours),
    )
