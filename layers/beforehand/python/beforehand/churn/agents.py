"""Three of the four agents, Context → Pattern → Decision: what is going on, what causes it, what to do.

The fourth, Empathy, writes the message (`writing.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from beforehand.churn.model import (
    Action,
    Context,
    Contribution,
    Facts,
    Pattern,
    Plan,
    RiskLevel,
    Sentiment,
    Signals,
)
from beforehand.churn.remembering import ago, in_vain, tried
from beforehand.churn.score import WEAK_BELOW, ascii_lower, level_of, raised
from beforehand.churn.words import sentence, velocity_sentence

# The three below: thresholds of the system that seed 000 describes.
VALUABLE_ABOVE = 5_000.0
UNHAPPY_BELOW = 3.0
ANSWER_WITHIN_HOURS = {RiskLevel.CRITICAL: 24, RiskLevel.HIGH: 24, RiskLevel.MEDIUM: 48, RiskLevel.LOW: 48}
ESCALATED_WITHIN_HOURS = 2
URGENCY = {RiskLevel.CRITICAL: 4, RiskLevel.HIGH: 3, RiskLevel.MEDIUM: 2, RiskLevel.LOW: 1}
EVIDENCE = 3


def context(facts: Facts, *, as_of: datetime) -> Context:
    """The first agent: the customer's situation in a sentence, their mood, and how much it hurries (1–5).

    It remembers what was tried before: an attempt of the last 90 days of which nothing came makes it more urgent.
    """
    signals = facts.signals
    hurries = is_vip(signals) or bool(signals.tickets_overdue)
    again = in_vain(facts.memory, as_of=as_of, last_bought_on=facts.purchases.last_on) is not None
    return Context(
        summary=_summary(facts),
        sentiment=_sentiment(signals),
        urgency=min(URGENCY[_level(facts)] + hurries + again, 5),
        tried=tried(facts.memory, as_of=as_of, last_bought_on=facts.purchases.last_on),
    )


def pattern(facts: Facts, contributions: Sequence[Contribution]) -> Pattern:
    """The second agent: the factor that costs most health is the cause; who shares it is the pattern.

    Of factors that cost the same the one that stands first in the profile is taken.
    """
    costly = sorted((c for c in contributions if c.lost > 0), key=lambda c: -c.lost)
    cause = costly[0] if costly else contributions[0]
    weak_too = facts.peers.weak.get(cause.factor, 0) - (cause.share is not None and cause.share < WEAK_BELOW)
    evidence = [
        f"{c.factor.replace('_', ' ')} costs {c.lost:.1f} of 100 points: {sentence(c.factor, facts.signals)}"
        for c in costly[:EVIDENCE]
    ]
    others = max(facts.peers.at_risk - 1, 0)
    if others:
        evidence.append(
            f"of {others} others at risk in {_place(facts.signals)}, {max(weak_too, 0)} share the cause"
        )
    return Pattern(
        cause=cause.factor,
        issue=sentence(cause.factor, facts.signals),
        similar_customers=max(weak_too, 0),
        evidence=tuple(evidence),
    )


def decide(facts: Facts, found: Pattern, *, as_of: datetime) -> Plan:
    """The third agent: action, priority and escalation, by rule."""
    signals, level = facts.signals, _level(facts)
    action, reason = _action(signals)
    escalation = _escalation(signals, level)
    hours = ESCALATED_WITHIN_HOURS if escalation else ANSWER_WITHIN_HOURS[level]
    return Plan(
        action=action,
        priority=level,
        escalate=escalation is not None,
        answer_within_hours=hours,
        steps=tuple(_steps(facts, found, action, hours, escalated=escalation is not None, as_of=as_of)),
        because=f"{reason}; {escalation}" if escalation else reason,
    )


def is_vip(signals: Signals) -> bool:
    """Whether the customer is in the segment of very important ones."""
    return signals.segment is not None and ascii_lower(signals.segment) == "vip"


def _level(facts: Facts) -> RiskLevel:
    """How high the risk is; whoever falls steeply is a level higher than their risk alone says."""
    return raised(level_of(facts.risk), facts.velocity)


def _summary(facts: Facts) -> str:
    bought = facts.purchases
    history = f"{bought.orders} orders, the last on {bought.last_on}" if bought.orders else "no orders known"
    return (
        f"{_place(facts.signals)}: health {facts.health:.1f}, churn risk {facts.risk:.1%}; {history}; "
        f"{sentence('support', facts.signals)}"
        + (f"; {moved}" if (moved := velocity_sentence(facts.velocity)) else "")
    )


def _place(signals: Signals) -> str:
    return ", ".join(label for label in (signals.segment, signals.loyalty_tier) if label) or "no segment"


def _sentiment(signals: Signals) -> Sentiment:
    csat, nps = signals.csat, signals.nps
    if csat is None and nps is None:
        return Sentiment.UNKNOWN
    if (csat is not None and csat < UNHAPPY_BELOW) or (nps is not None and nps <= 6):
        return Sentiment.NEGATIVE
    pleased = (csat is None or csat >= 4) and (nps is None or nps >= 9)
    return Sentiment.POSITIVE if pleased else Sentiment.NEUTRAL


def _action(signals: Signals) -> tuple[Action, str]:
    if is_vip(signals):
        return Action.PERSONAL_OUTREACH, "they are a VIP"
    if (signals.lifetime_value or 0) > VALUABLE_ABOVE:
        return Action.PREMIUM_OFFER, f"their lifetime value is above {VALUABLE_ABOVE:,.0f}"
    if signals.segment is not None and ascii_lower(signals.segment) == "loyal":
        return Action.STANDARD_OFFER, "they are a loyal customer"
    return Action.ENGAGEMENT, "no other action is meant for their segment and value"


def _escalation(signals: Signals, level: RiskLevel) -> str | None:
    """Why a person has to take over, or None."""
    if is_vip(signals) and level is RiskLevel.CRITICAL:
        return "a person takes over, since a VIP's risk is critical"
    unhappy = signals.csat is not None and signals.csat < UNHAPPY_BELOW
    if unhappy and (signals.lifetime_value or 0) > VALUABLE_ABOVE:
        return "a person takes over, since a valuable customer is unhappy with support"
    return None


STEPS = {
    Action.PERSONAL_OUTREACH: "Answer in person whatever they reply",
    Action.PREMIUM_OFFER: "Have a premium offer ready for their reply",
    Action.STANDARD_OFFER: "Have a standard offer ready for their reply",
    Action.ENGAGEMENT: "Collect what they reply for the next campaign",
}


def _steps(
    facts: Facts, found: Pattern, action: Action, hours: int, *, escalated: bool, as_of: datetime
) -> list[str]:
    steps = [f"A person looks into it within {hours} hours"] if escalated else []
    before = in_vain(facts.memory, as_of=as_of, last_bought_on=facts.purchases.last_on)
    if before is not None:
        steps.append(f"Try another way than {ago(before.at, as_of)}: nothing came of that yet")
    if facts.signals.tickets_overdue:
        steps.append("Close the support tickets that are past the time promised")
    message = "Let the message that is held go, or withdraw it," if escalated else "Send a personal message"
    steps.append(f"{message} about: {found.issue}")
    steps.append(STEPS[action] if escalated else f"{STEPS[action]}, within {hours} hours")
    steps.append("Score again after 7 days and compare")
    return steps
