"""When a follow-up is due, what it says, and what it is called. Pure rules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from beforehand.followups.model import CUSTOM, PURPOSE, Job, Kind, Known, Rules, Wish
from beforehand.outreach.model import Channel, Proposal

LATEST = 5
"""How many emotions the mean is of."""

SPREAD = timedelta(hours=1)
"""Over how long those are spread who become due all at once."""

PREFIX = {
    Kind.POST_EVENT: "followup",
    Kind.RE_ENGAGEMENT: "reengagement",
    Kind.EMOTION_BASED: "checkin",
    Kind.CUSTOM: "custom",
}
LASTS = {
    Kind.POST_EVENT: timedelta(days=7),
    Kind.RE_ENGAGEMENT: timedelta(days=14),
    Kind.EMOTION_BASED: timedelta(days=3),
    Kind.CUSTOM: timedelta(days=7),
}
"""How long after it is due a message may still go."""

PRIORITY = {Kind.EMOTION_BASED: 70, Kind.POST_EVENT: 60, Kind.CUSTOM: 50, Kind.RE_ENGAGEMENT: 30}
LOW_PRIORITY = 80
BY_PREFERENCE = (Channel.EMAIL, Channel.SMS, Channel.WEBHOOK)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The template of a follow-up and why; `low`: a person comes first."""

    template: str
    because: str
    low: bool = False


def mean(scores: tuple[float, ...]) -> float | None:
    """The mean of the latest emotions, newest first; the worst, 0.0, counts as every other. None: there is none.

    It is of the scores as they are written: three of 0.7 are 0.7, and reach what begins there.
    """
    latest = [Decimal(repr(score)) for score in scores[:LATEST]]
    return float(sum(latest) / len(latest)) if latest else None


def choose(kind: Kind, known: Known, rules: Rules) -> Choice:
    """Which template a follow-up of this kind has, as its customer felt of late or has come before."""
    if kind is Kind.RE_ENGAGEMENT:
        if known.past_customer:
            return Choice(template="reengagement_past_customer", because="they have come before")
        return Choice(template="reengagement_general", because="they have not come before, as far as is known")
    felt = mean(known.scores)
    told = _told(felt, len(known.scores[:LATEST]))
    low = felt is not None and felt < rules.low
    if kind is Kind.CUSTOM:
        return Choice(template=CUSTOM, because="as it was wished for")
    if kind is Kind.EMOTION_BASED:
        return Choice(template="emotion_check_in", because=told, low=low)
    if felt is not None and felt >= rules.high:
        return Choice(template="post_event_high_emotion", because=f"{told}, at least {rules.high:g}")
    if low:
        return Choice(template="post_event_low_emotion", because=f"{told}, below {rules.low:g}", low=True)
    return Choice(template="post_event_neutral_emotion", because=told)


def _told(felt: float | None, count: int) -> str:
    if felt is None:
        return "nobody knows how they felt"
    return f"the mean of their last {count} emotions is {felt:.2f}"


def channel_of(wish: Wish, known: Known) -> Channel | None:
    """By which channel it goes: the one that is wished for, that they prefer, or the first that reaches them.

    None: nothing does.
    """
    if wish.channel is not None:
        return wish.channel
    wanted = (*filter(None, (known.preferred,)), *BY_PREFERENCE)
    return next((channel for channel in wanted if channel in known.channels), None)


def job_id(wish: Wish, due_at: datetime, number: int = 1) -> str:
    """What a follow-up is called: kind, customer and second. The second of the same name has its number with it."""
    name = f"{PREFIX[wish.kind]}_{wish.customer_id}_{int(due_at.timestamp())}"
    return name if number == 1 else f"{name}_{number}"


def jitter(wish: Wish) -> timedelta:
    """How much later than others this customer's message comes; always the same for a customer and an occasion."""
    digest = sha256(f"{wish.customer_id}\x1f{wish.key}".encode()).digest()
    return SPREAD * (int.from_bytes(digest[:4]) / 2**32)


def proposal(
    wish: Wish, known: Known, choice: Choice, channel: Channel, *, due_at: datetime, language: str
) -> Proposal:
    """The wish that the message of a follow-up goes."""
    written = bool(wish.body)
    return Proposal(
        customer_id=wish.customer_id,
        purpose=PURPOSE[wish.kind],
        cycle=wish.key,
        step=known.earlier,
        channel=channel,
        priority=LOW_PRIORITY if choice.low else PRIORITY[wish.kind],
        due_at=due_at,
        not_after=due_at + LASTS[wish.kind],
        language=language,
        subject=wish.subject,
        body=wish.body,
        because=f"{wish.because}; {choice.because}",
        run_id=None,
        automated=wish.automated,
        template=None if written else wish.template or choice.template,
        variables=None if written else dict(wish.variables),
    )


def job(wish: Wish, known: Known, choice: Choice, proposed: Proposal, *, number: int) -> Job:
    """What is kept of a follow-up whose message is proposed."""
    return Job(
        job_id=job_id(wish, proposed.due_at, number),
        outreach_id=proposed.outreach_id,
        customer_id=wish.customer_id,
        customer_no=known.customer_no,
        conversation_id=wish.conversation,
        kind=wish.kind,
        cycle=wish.key,
        booking_id=wish.booking_id,
        event_at=wish.event_at,
        template=CUSTOM if wish.body else wish.template or choice.template,
        facts=wish.facts,
        scheduled_at=proposed.due_at,
    )


def after_event(event_at: datetime, delay: timedelta, *, now: datetime) -> datetime:
    """When the message after an event is due: what was missed is due now, and nothing is left undone."""
    return max(event_at.astimezone(UTC) + delay, now)


def span(event_at: datetime | None, tolerance: timedelta) -> str:
    """The span of an event as PostgreSQL writes it: half the tolerance to both sides, or empty for none."""
    if event_at is None:
        return "empty"
    half, at = tolerance / 2, event_at.astimezone(UTC)
    return f"[{(at - half).isoformat()},{(at + half).isoformat()}]"
