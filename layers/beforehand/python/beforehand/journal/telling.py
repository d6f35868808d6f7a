"""States, holds and figures of the desk in plain words, the same in timeline and `why`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

HOLDS: Mapping[str, str] = MappingProxyType(
    {
        "person": "a person",
        "window": "their send window",
        "budget": "room in their budget of messages",
        "cool_down": "the end of the cool-down",
        "case": "the end of a case of theirs",
        "dry_run": "its channel to be enabled",
        "stopped": "the kill switch to be let go",
    }
)
UNTOLD = frozenset(
    {"person", "planned", "history", "plan", "lost", "model", "evidence", "issue", "cause", "case_id"}
)
"""Facts that are told otherwise, or are for the gate alone."""
FIGURES = frozenset({"health", "risk", "coverage", "velocity", "rank", "position", "customer_id"})
MOST_FACTS = 6
MOST_LOSSES = 3


def in_words(word: str) -> str:
    """A name of ours as people say it: `re_engagement` is re-engagement."""
    return "re-engagement" if word == "re_engagement" else word.replace("_", " ")


def hold_in_words(hold: str | None) -> str:
    """What a held message waits for."""
    return HOLDS.get(hold or "", in_words(hold or "nobody knows what"))


def utc(moment: datetime) -> str:
    """A moment for a sentence."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def health_in_words(health: float | None, risk: float | None) -> str:
    """How somebody stands; health is 0–100, risk 0–1."""
    if health is None or risk is None:
        return "too little is known to score them"
    return f"health {health:.1f}%, churn risk {risk:.1%}"


def reasons(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts that a planner decided on, as sentences, the weightiest first.

    A planner that gives `evidence` has put them in words itself; of any other the plain facts are named.
    """
    told: list[str] = []
    if isinstance(facts.get("health"), int | float):
        told.append(_standing(facts))
    issue, evidence = facts.get("issue"), list(facts.get("evidence") or ())
    if issue and not any(str(issue) in str(one) for one in evidence):
        evidence.insert(0, issue)
    told += [str(one) for one in evidence]
    lost = facts.get("lost")
    if isinstance(lost, Mapping) and lost:
        most = sorted(lost.items(), key=lambda one: -float(one[1]))[:MOST_LOSSES]
        told.append("costs most: " + ", ".join(f"{in_words(name)} {points:.1f} points" for name, points in most))
    return tuple(told) or tuple(_plain(facts))


def _standing(facts: Mapping[str, Any]) -> str:
    told = health_in_words(facts.get("health"), facts.get("risk"))
    if isinstance(facts.get("coverage"), int | float):
        told += f", {facts['coverage']:.0%} of the facts known"
    labels = ", ".join(str(facts[name]) for name in ("segment", "loyalty_tier") if facts.get(name))
    return f"{told} ({labels})" if labels else told


def _plain(facts: Mapping[str, Any]) -> list[str]:
    simple = {
        name: value
        for name, value in facts.items()
        if isinstance(value, str | int | float) and name not in UNTOLD | FIGURES
    }
    return [f"{in_words(name)}: {value}" for name, value in list(simple.items())[:MOST_FACTS]]
