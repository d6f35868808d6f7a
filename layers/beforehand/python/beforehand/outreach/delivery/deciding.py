"""The journal's entry of what the gate decided: with every fact it had, so that it can be asked again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from beforehand.journal.model import Decision
from beforehand.outreach.delivery.model import LEASE, Due, Mode
from beforehand.outreach.gate.model import Contact, Person, Planned, Verdict


def decision_of(
    due: Due,
    person: Person,
    history: Sequence[Contact],
    verdict: Verdict,
    *,
    because: str,
    mode: Mode,
    written: str = "",
    policy_version: str,
    run_id: UUID,
    now: datetime,
) -> Decision:
    """One decision of the gate. Its facts are figures, moments and labels; no address is among them.

    `written` says in which language a message that goes was written, and why.
    """
    return Decision(
        decided_at=now,
        capability="outreach",
        kind="gate",
        action=verdict.action,
        because=because,
        rule=f"{policy_version} {verdict.rule}",
        customer_id=due.customer_id,
        outreach_id=due.outreach_id,
        run_id=run_id,
        facts={
            "policy_version": policy_version,
            "mode": mode,
            "purpose": due.purpose,
            "channel": due.channel,
            "due_at": due.due_at.isoformat(),
            "not_after": due.not_after.isoformat(),
            "automated": due.automated,
            "margin_seconds": LEASE.total_seconds(),
            "attempt": due.attempt + 1,
            "until": verdict.until and verdict.until.isoformat(),
            "zone": person.zone,
            "country": person.country,
            "region": person.region,
            "consent": person.consent,
            "preferred_channel": person.preferred_channel,
            "reachable": sorted(person.reachable),
            "suppressed": sorted(person.suppressed),
            "case_open": person.case_open,
            **({"written": written} if written else {}),
            "history": [
                {"outreach_id": str(one.outreach_id), "purpose": one.purpose, "channel": one.channel,
                 "at": one.at.isoformat()}
                for one in history
            ],
        },
    )  # fmt: skip


def planned_of(due: Due) -> Planned:
    """The message as the gate looks at it."""
    return Planned(
        outreach_id=due.outreach_id,
        purpose=due.purpose,
        channel=due.channel,
        due_at=due.due_at,
        not_after=due.not_after,
        automated=due.automated,
    )
