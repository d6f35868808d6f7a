"""The gate: whether one message may go to one person now. Facts in, verdict out; it touches nothing.

The order of the checks, and why it is this one, stands in docs/decisions/0017-the-order-of-the-gate.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from beforehand.outreach.gate.laws import Legal
from beforehand.outreach.gate.model import MARGIN, Action, Contact, Person, Planned, Verdict
from beforehand.outreach.gate.opening import opening
from beforehand.outreach.model import Hold
from beforehand.outreach.policy import ContactPolicy, held_out

CASE_LOOK = timedelta(hours=1)
"""How soon a message that waits for a case is looked at again: nobody knows when people will be done."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Bar:
    """What stands in the way until a moment."""

    rule: str
    hold: Hold
    until: datetime
    because: str


def decide(
    person: Person,
    planned: Planned,
    history: Sequence[Contact],
    policy: ContactPolicy,
    legal: Legal,
    *,
    as_of: datetime,
    margin: timedelta = MARGIN,
) -> Verdict:
    """Whether a message may go now: send, hold until, skip or expire, always with its because.

    `history` is what went to the person, or may have gone, in any order; what is older than the policy's memory
    does not count, and neither does the message itself. Moments carry a zone. Whoever is let go may be sent up to
    `margin` later, so windows are open and the message's end is not reached until then.
    """
    if as_of >= planned.not_after:
        because = f"it had to go before {_utc(planned.not_after)}"
        return Verdict(action=Action.EXPIRE, rule="expiry", because=because)
    return _refusal(person, planned, policy) or _timing(person, planned, history, policy, legal, as_of, margin)


def _refusal(person: Person, planned: Planned, policy: ContactPolicy) -> Verdict | None:
    channel = planned.channel
    if channel not in person.reachable:
        return _skip("address", f"no address for {channel} is known")
    if channel in person.suppressed:
        return _skip("suppression", f"they are not to be contacted by {channel}")
    if person.consent is False:
        return _skip("consent", "they said no to being contacted")
    nature = policy.nature(planned.purpose)
    if person.consent is None and nature in policy.consent_required:
        return _skip("consent_unknown", f"nobody knows whether they agree to {nature}, and the policy wants a yes")
    return _left_alone(person, planned, policy) if planned.automated else None


def _left_alone(person: Person, planned: Planned, policy: ContactPolicy) -> Verdict | None:
    if held_out(person.customer_id, planned.purpose, policy):
        share = policy.holdout_share(planned.purpose)
        return _skip("holdout", f"they are of the {share:.0%} with whom those who are approached are compared")
    preferred = person.preferred_channel
    usable = preferred in person.reachable and preferred not in person.suppressed
    if preferred is not None and preferred is not planned.channel and usable:
        return _skip("preference", f"they prefer to be reached by {preferred}; propose it by that channel")
    return None


def _timing(
    person: Person,
    planned: Planned,
    history: Sequence[Contact],
    policy: ContactPolicy,
    legal: Legal,
    as_of: datetime,
    margin: timedelta,
) -> Verdict:
    moment, ends = as_of.astimezone(UTC), planned.not_after
    hours = opening(person, planned.channel, planned.purpose, policy, legal)
    bars = [*_due(planned, moment), *_history(planned, history, policy, moment)]
    earliest = max((bar.until for bar in bars), default=moment)
    until = hours.next(earliest, margin)
    in_hand = person.case_open and planned.automated
    if until != earliest:
        bars += [_Bar(shut.rule, Hold.WINDOW, until, shut.because) for shut in hours.closed(earliest, margin)]
    if until >= ends or until + margin > ends:
        return _too_late(ends, bars)
    if until == moment and not in_hand:
        within = min(hours.shuts(moment), ends)
        because = f"nothing stands against it: {hours.clock(moment)}"
        return Verdict(action=Action.SEND, rule="open", because=because, within=within)
    if in_hand:
        until = min(hours.next(max(earliest, moment + CASE_LOOK), margin), ends)
        bars.insert(0, _Bar("case", Hold.CASE, until, "a case of theirs is in a person's hands"))
    return Verdict(action=Action.HOLD, rule=bars[0].rule, hold=bars[0].hold, until=until, because=_told(bars))


def _too_late(ends: datetime, bars: Sequence[_Bar]) -> Verdict:
    """It cannot be sent in time for certain, because of what stands in the way or because that is too soon."""
    because, rule = f"it has to go before {_utc(ends)}, and ", "expiry"
    if bars:
        because, rule = f"{because}cannot: {_told(bars)}", bars[0].rule
    else:
        because += "that is too soon to be sure of sending in time"
    return Verdict(action=Action.EXPIRE, rule=rule, because=because)


def _due(planned: Planned, moment: datetime) -> Iterator[_Bar]:
    if planned.due_at > moment:
        because = f"it is not due before {_utc(planned.due_at)}"
        yield _Bar("due", Hold.WINDOW, planned.due_at.astimezone(UTC), because)


def _history(
    planned: Planned, history: Sequence[Contact], policy: ContactPolicy, moment: datetime
) -> Iterator[_Bar]:
    """What earlier contacts hold against a message that nobody asked for."""
    if not planned.automated or not history:
        return
    others = [contact for contact in history if contact.outreach_id != planned.outreach_id]
    same = [contact.at for contact in others if contact.purpose is planned.purpose]
    cool_down = policy.cool_down(planned.purpose)
    if same and max(same) + cool_down > moment:
        because = f"contacted for {planned.purpose} on {_utc(max(same))}; {_days(cool_down)} are to pass"
        yield _Bar("cool_down", Hold.COOL_DOWN, (max(same) + cool_down).astimezone(UTC), because)
    if len(others) >= policy.budget:
        frees = sorted(contact.at for contact in others)[-policy.budget] + policy.budget_period
        if frees > moment:
            because = f"contacted {policy.budget} times in {_days(policy.budget_period)}, as often as is allowed"
            yield _Bar("budget", Hold.BUDGET, frees.astimezone(UTC), because)


def _skip(rule: str, because: str) -> Verdict:
    return Verdict(action=Action.SKIP, rule=rule, because=because)


def _told(bars: Sequence[_Bar]) -> str:
    return "; ".join(bar.because for bar in bars)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _days(length: timedelta) -> str:
    return f"{length / DAY:g} days"
