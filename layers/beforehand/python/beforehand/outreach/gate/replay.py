"""Replay: the gate decides again on the facts that an entry of the journal holds, and is held against it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from beforehand.outreach.gate.facts import Entered, Inputs, NoFactsError, inputs_of
from beforehand.outreach.gate.model import Verdict

Gate = Callable[[Inputs], Verdict | None]
"""Decides on these inputs by the policy of their version; None where that version is not kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What a replay found. `same` is None where it cannot be told; `because` says what is different, or why not."""

    decision_id: UUID
    same: bool | None
    because: str


def replay(entered: Entered, gate: Gate) -> Replayed:
    """Whether the gate still decides as it did: the same action, by the same rule, until the same moment.

    Its words are not compared: mending a sentence is no other decision. An entry that cannot be decided again is
    said to be one, and raises nothing.
    """
    try:
        inputs = inputs_of(entered)
    except NoFactsError as error:
        return Replayed(decision_id=entered.decision_id, same=None, because=str(error))
    verdict = gate(inputs)
    if verdict is None:
        because = f"there is no policy {inputs.policy_version} here that could be decided by"
        return Replayed(decision_id=entered.decision_id, same=None, because=because)
    differs = "; ".join(_differences(entered, verdict))
    because = differs or "it decides the same"
    return Replayed(decision_id=entered.decision_id, same=not differs, because=because)


def _differences(entered: Entered, verdict: Verdict) -> Iterator[str]:
    rule, until = entered.rule.rpartition(" ")[2], entered.facts.get("until")
    now = verdict.until and verdict.until.isoformat()
    if verdict.action != entered.action:
        yield f"it was {entered.action}, and is {verdict.action} now"
    if verdict.rule != rule:
        yield f"it was decided by the rule {rule}, and is by {verdict.rule} now"
    if _moment(until) != verdict.until:
        yield f"it was until {until or 'no moment'}, and is until {now or 'no moment'} now"


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
