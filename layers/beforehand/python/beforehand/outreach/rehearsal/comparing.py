"""One rehearsal held against another of the same days: who would be contacted, and what would be otherwise."""

from collections import Counter
from collections.abc import Iterable, Mapping

from beforehand.outreach.model import State
from beforehand.outreach.rehearsal.model import Played
from beforehand.outreach.rehearsal.playing import Performance
from beforehand.outreach.rehearsal.report import Change, Difference, Play, Turned

EXAMPLES = 5
"""How many customers are shown of each kind of change."""
ABSENT = "not planned"


def difference(before: Performance, after: Performance, *, told: tuple[Play, Play]) -> Difference:
    """What the second policy would do otherwise than the first."""
    contacted, would_be = _contacted(before), _contacted(after)
    more, fewer = would_be - contacted, contacted - would_be
    first, second = told
    messages = Change(name="messages", before=first.sent, after=second.sent)
    currencies = sorted(first.totals | second.totals)
    return Difference(
        sentence=_sentence(len(more), len(fewer), messages),
        customers_more=len(more),
        customers_fewer=len(fewer),
        messages=messages,
        costs={name: (first.totals.get(name, 0.0), second.totals.get(name, 0.0)) for name in currencies},
        purposes=_changes(*({str(line.purpose): line.sent for line in play.purposes} for play in told)),
        channels=_changes(*({str(line.channel): line.sent for line in play.channels} for play in told)),
        reasons=_changes(_reasons(first), _reasons(second)),
        examples=tuple(_examples(before, after, more, fewer)),
    )


def _sentence(more: int, fewer: int, messages: Change) -> str:
    told = f"{messages.after:,} messages instead of {messages.before:,}"
    if not more and not fewer:
        same = "the same customers would be contacted"
        return f"With this contact policy instead, {same}" + (
            "." if messages.after == messages.before else f": {told}."
        )
    counts = " and ".join(f"{count:,} {word}" for count, word in ((more, "more"), (fewer, "fewer")) if count)
    customers = "customer" if more + fewer == 1 else "customers"
    return f"With this contact policy instead, {counts} {customers} would be contacted: {told}."


def _contacted(done: Performance) -> set[str]:
    return {
        one.due.customer_id for one in done.messages.values() if one.state is State.SENT and done.tally.counts(one)
    }


def _changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Change, ...]:
    """What is another, the largest change first."""
    found = [
        Change(name=name, before=before.get(name, 0), after=after.get(name, 0))
        for name in sorted({*before, *after})
    ]
    moved = [change for change in found if change.before != change.after]
    return tuple(sorted(moved, key=lambda change: -abs(change.after - change.before)))


def _reasons(play: Play) -> dict[str, int]:
    return {f"{reason.what} by {reason.rule}": reason.messages for reason in play.reasons}


def _examples(before: Performance, after: Performance, more: set[str], fewer: set[str]) -> Iterable[Turned]:
    """The first of those who would be contacted now, of those who would not any more, and of what goes at another
    time or not at all for the others."""
    shown: Counter[str] = Counter()
    names = sorted({*before.messages, *after.messages}, key=lambda name: name.int)
    for name in names:
        was, would_be = before.messages.get(name), after.messages.get(name)
        one = would_be or was
        if one is None or not after.tally.counts(one) or _end(was) == _end(would_be):
            continue
        customer = one.due.customer_id
        kind = "more" if customer in more else "fewer" if customer in fewer else "otherwise"
        if kind != "otherwise" and State.SENT not in (_state(was), _state(would_be)):
            continue
        if shown[kind] < EXAMPLES:
            shown[kind] += 1
            yield _turned(one, was, would_be)
        if all(shown[kind] == EXAMPLES for kind in ("more", "fewer", "otherwise")):
            return


def _turned(one: Played, was: Played | None, would_be: Played | None) -> Turned:
    return Turned(
        customer_id=one.due.customer_id,
        purpose=one.due.purpose,
        channel=one.due.channel,
        before=_end(was),
        before_because=_because(was),
        after=_end(would_be),
        after_because=_because(would_be),
    )


def _state(played: Played | None) -> State | None:
    return None if played is None else played.state


def _end(played: Played | None) -> str:
    return ABSENT if played is None else str(played.state)


def _because(played: Played | None) -> str:
    if played is None:
        return "no planner proposed it"
    if played.state is State.SENT:
        return f"sent {played.at:%Y-%m-%d %H:%M} UTC"
    return played.due.state_because or ""
