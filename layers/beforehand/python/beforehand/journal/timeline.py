"""One timeline for each customer: whatever was decided, sent, answered, bought or changed, in sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from beforehand.journal.telling import health_in_words, hold_in_words, in_words
from beforehand.outreach.cases import NOBODY

Facts = Mapping[str, Any]


class Kind(StrEnum):
    """What an entry of the timeline is about."""

    DECISION = "decision"
    OUTREACH = "outreach"
    ATTEMPT = "attempt"
    OUTCOME = "outcome"
    CASE = "case"
    PURCHASE = "purchase"
    HEALTH = "health"
    CHANGE = "change"


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """One entry as the ledgers have it; `facts` differ by kind. `id` is unique within its kind."""

    at: datetime
    kind: Kind
    id: str
    outreach_id: UUID | None
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One entry in words. `who` is a user's id or a task's name, where somebody did it."""

    title: str
    because: str
    who: str | None = None


def tell(entry: Happened) -> Told:
    """An entry in words: what happened, and why as far as anybody said."""
    return TELLERS[entry.kind](entry.facts)


def _decision(facts: Facts) -> Told:
    whose = "the gate" if facts["kind"] == "gate" else facts["capability"]
    return Told(title=f"{whose} decided: {in_words(facts['action'])}", because=facts["because"], who=facts["rule"])


def _outreach(facts: Facts) -> Told:
    if facts["state"] is None:
        held = f", held for {hold_in_words(facts['hold'])}" if facts["hold"] else ""
        step = f", re-attempt {facts['step']}" if facts["step"] else ""
        title = f"{in_words(facts['purpose'])} by {facts['channel']} is planned{step}{held}"
        return Told(title=title, because=facts["because"])
    waits = f" for {hold_in_words(facts['hold'])}" if facts["hold"] else ""
    title = f"{in_words(facts['purpose'])} by {facts['channel']} is {in_words(facts['state'])}{waits}"
    return Told(title=title, because=facts["because"] or "")


def _attempt(facts: Facts) -> Told:
    ended = in_words(facts["outcome"]) if facts["outcome"] else "under way"
    named = f" ({facts['provider_id']})" if facts["provider_id"] else ""
    return Told(
        title=f"attempt {facts['attempt']} by {facts['channel']}: {ended}{named}", because=facts["because"] or ""
    )


def _outcome(facts: Facts) -> Told:
    return Told(
        title=f"{facts['provider']} says: {in_words(facts['kind'])}", because=facts["did"], who=facts["provider"]
    )


def _case(facts: Facts) -> Told:
    if facts["move"] == "opened":
        return Told(title=f"a case is opened: {facts['subject']}", because=facts["because"])
    if facts["move"] == "done" and facts["who"] == NOBODY:
        return Told(title=f"nobody took the case in time: {facts['answer']}", because="", who=NOBODY)
    ended = f": {facts['answer']}" if facts["move"] == "done" else ""
    return Told(title=f"the case is {facts['move']}{ended}", because="", who=facts["who"])


def _purchase(facts: Facts) -> Told:
    several = f" for {facts['quantity']} pieces" if facts["quantity"] != 1 else ""
    return Told(title=f"bought: {facts['amount']}{several}", because="")


def _health(facts: Facts) -> Told:
    before = facts["health_before"]
    moved = "" if before is None or facts["health"] is None else f"; it was {before:.1f}%"
    return Told(title=health_in_words(facts["health"], facts["risk"]) + moved, because="")


def _change(facts: Facts) -> Told:
    return Told(title=in_words(facts["action"].replace(".", " ")), because=facts["because"], who=facts["who"])


TELLERS: Mapping[Kind, Callable[[Facts], Told]] = MappingProxyType(
    {
        Kind.DECISION: _decision,
        Kind.OUTREACH: _outreach,
        Kind.ATTEMPT: _attempt,
        Kind.OUTCOME: _outcome,
        Kind.CASE: _case,
        Kind.PURCHASE: _purchase,
        Kind.HEALTH: _health,
        Kind.CHANGE: _change,
    }
)
