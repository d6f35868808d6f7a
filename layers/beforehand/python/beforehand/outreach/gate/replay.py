"""Replay: the gate decides again on the facts that an entry of the journal holds, and is held against it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from beforehand.outreach.gate.facts import Inputs, NoFactsError, inputs_of, verdict_of
from beforehand.outreach.gate.model import Verdict

Gate = Callable[[Inputs], Verdict | None]
"""Decides on these inputs by the policy of their version; None where that version is not kept any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """A decision of the gate as the journal holds it."""

    decision_id: UUID
    customer_id: str
    outreach_id: UUID
    action: str
    because: str
    rule: str
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What a replay found. `same` is None where it cannot be told; `because` says what is different, or why not."""

    decision_id: UUID
    same: bool | None
    because: str
    action: str | None = None
    until: datetime | None = None


def replay(entered: Entered, gate: Gate | None) -> Replayed:
    """Whether the gate still decides as it did. Never raises for an entry that cannot be replayed: it says why."""
    try:
        inputs = inputs_of(entered.customer_id, entered.outreach_id, entered.facts)
    except NoFactsError as error:
        return Replayed(decision_id=entered.decision_id, same=None, because=str(error))
    if gate is None:
        return Replayed(
            decision_id=entered.decision_id, same=None, because="there is no gate here that could be asked"
        )
    verdict = gate(inputs)
    if verdict is None:
        because = f"the policy {inputs.policy_version} is not kept here any more, so nobody can decide by it"
        return Replayed(decision_id=entered.decision_id, same=None, because=because)
    differs = list(_differences(entered, verdict))
    return Replayed(
        decision_id=entered.decision_id,
        same=not differs,
        because="; ".join(differs) if differs else "it decides the same",
        action=verdict.action,
        until=verdict.until,
    )


def _differences(entered: Entered, verdict: Verdict) -> list[str]:
    action, rule, because, until = verdict_of(entered.action, entered.because, entered.rule, entered.facts)
    told = []
    if verdict.action != action:
        told.append(f"it was {action}, and is {verdict.action} now")
    if verdict.rule != rule:
        told.append(f"it was decided by the rule {rule}, and is by {verdict.rule} now")
    if verdict.until != until:
        told.append(f"it was until {_said(until)}, and is until {_said(verdict.until)} now")
    if not told and verdict.because != because:
        told.append(f"the action is the same, but its because is now: {verdict.because}")
    return told


def _said(until: datetime | None) -> str:
    return "no moment" if until is None else until.isoformat()
