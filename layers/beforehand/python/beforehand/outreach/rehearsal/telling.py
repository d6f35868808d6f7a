"""The report's figures, made of what a rehearsal has counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from beforehand.outreach.model import Channel, State
from beforehand.outreach.rehearsal.model import Lane, Planned, Played
from beforehand.outreach.rehearsal.playing import Performance, Scene
from beforehand.outreach.rehearsal.prices import CostLine, Prices, totals
from beforehand.outreach.rehearsal.report import (
    ChannelLine,
    CostRow,
    DayLine,
    ExampleLine,
    HourLine,
    PlannerTurn,
    Play,
    PurposeLine,
    ReasonLine,
)
from beforehand.outreach.rehearsal.tally import Example, Tally

DAY = timedelta(days=1)
UNBILLED = frozenset({Channel.WEBHOOK})
"""The company's own system: nobody bills its messages."""


def told(done: Performance, scene: Scene, prices: Prices) -> Play:
    """One performance as the report shows it."""
    tally, messages = done.tally, [one for one in done.messages.values() if done.tally.counts(one)]
    sent = [one for one in messages if one.state is State.SENT]
    lines = _costs(tally, prices, scene.begin.date())
    every = Counter[str]()
    for figures in tally.purposes.values():
        every.update(figures)
    return Play(
        policy_version=scene.policy.version,
        began_with=tally.began_with,
        planned=every["planned"],
        sent=every["sent"],
        held=every["held"],
        skipped=every["skipped"],
        expired=every["expired"],
        open=sum(not one.is_over for one in messages),
        customers=len({one.due.customer_id for one in sent}),
        days=_days(tally, scene),
        purposes=_purposes(tally, messages),
        reasons=_reasons(tally),
        channels=tuple(_channel(lane, tally) for lane in scene.lanes),
        costs=tuple(_cost(line) for line in lines),
        totals=totals(lines),
        unpriced=sum(line.messages for line in lines if line.price is None),
        planners=tuple(map(_turn, done.planned)),
        sent_first=tuple(map(_example, tally.first_sent)),
        ticks=done.ticks,
    )


def _days(tally: Tally, scene: Scene) -> tuple[DayLine, ...]:
    """Every day that the rehearsal touches; what waits at its end follows from what came and went."""
    lines, waiting = [], tally.began_with
    for day in _between(tally.day(scene.begin), tally.day(scene.end - timedelta(microseconds=1))):
        figures = tally.days.get(day, Counter())
        waiting += figures["planned"] - figures["sent"] - figures["skipped"] - figures["expired"]
        counted = {name: figures[name] for name in ("planned", "sent", "held", "skipped", "expired")}
        lines.append(DayLine(day=day, waiting=waiting, **counted))
    return tuple(lines)


def _between(first: date, last: date) -> Iterable[date]:
    return (first + number * DAY for number in range((last - first).days + 1))


def _purposes(tally: Tally, messages: Iterable[Played]) -> tuple[PurposeLine, ...]:
    still = Counter(one.due.purpose for one in messages if not one.is_over)
    names = ("waiting", "planned", "sent", "held", "skipped", "expired")
    return tuple(
        PurposeLine(purpose=purpose, open=still[purpose], **{name: figures[name] for name in names})
        for purpose, figures in sorted(tally.purposes.items(), key=lambda one: (-one[1]["sent"], one[0]))
    )


def _reasons(tally: Tally) -> tuple[ReasonLine, ...]:
    ordered = sorted(tally.reasons.items(), key=lambda one: (one[0][0], -one[1].messages, one[0][1]))
    return tuple(
        ReasonLine(what=what, rule=rule, messages=reason.messages, examples=tuple(map(_example, reason.examples)))
        for (what, rule), reason in ordered
    )


def _channel(lane: Lane, tally: Tally) -> ChannelLine:
    capacity = lane.room * 60
    by_hour = {hour: count for (channel, hour), count in tally.hours.items() if channel is lane.channel}
    hours = tuple(HourLine(hour=hour, sent=count) for hour, count in sorted(by_hour.items()))
    waits = tally.waits.get(lane.channel, Counter())
    return ChannelLine(
        channel=lane.channel,
        mode=lane.mode,
        sends=lane.sends,
        stopped=lane.is_stopped,
        set_up=lane.is_set_up,
        per_minute=lane.per_minute,
        at_once=lane.at_once,
        capacity=capacity,
        sent=sum(by_hour.values()),
        busiest=max(hours, key=lambda hour: (hour.sent, -hour.hour.timestamp()), default=None),
        hours=hours,
        full_hours=sum(count >= capacity for count in by_hour.values()),
        wait_median=_percentile(waits, 0.5),
        wait_p99=_percentile(waits, 0.99),
        wait_longest=max(waits, default=0),
    )


def _percentile(counted: Counter[int], share: float) -> int:
    """The least value that so large a share of what was counted does not pass."""
    reach, passed = share * counted.total(), 0
    for value in sorted(counted):
        passed += counted[value]
        if passed >= reach:
            return value
    return 0


def _costs(tally: Tally, prices: Prices, on: date) -> Sequence[CostLine]:
    billed = {where: (one.messages, one.parts) for where, one in tally.billed.items() if where[0] not in UNBILLED}
    return prices.lines(billed, on=on)


def _cost(line: CostLine) -> CostRow:
    price = line.price
    return CostRow(
        channel=line.channel,
        country=line.country,
        messages=line.messages,
        parts=line.parts,
        part_price=price and price.part,
        cost=line.cost,
        currency=price and price.currency,
        source=price and price.source,
        seen_on=price and price.seen_on,
    )


def _example(one: Example) -> ExampleLine:
    return ExampleLine(
        customer_id=one.customer_id,
        purpose=one.purpose,
        channel=one.channel,
        at=one.at,
        because=one.because,
        until=one.until,
    )


def _turn(one: Planned) -> PlannerTurn:
    return PlannerTurn(
        planner=one.planner,
        at=one.at,
        proposed=one.proposed,
        already=one.already,
        cases=one.cases,
        left_alone=dict(one.left_alone),
    )
