"""What news of a customer means for their follow-ups: one is planned, moved, called back or rewritten."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from beforehand.errors import NotFoundError, RefusedError
from beforehand.events.followups import FollowUpsPlanned, NewsArrived
from beforehand.followups import rules as rule
from beforehand.followups.model import Booking, BookingState, Emotion, Job, Kind, Known, Wish
from beforehand.followups.planning import Planner
from beforehand.ids import from_content
from beforehand.results import Status

STATES = {
    "BookingCompleted": BookingState.COMPLETED,
    "BookingMoved": BookingState.BOOKED,
    "BookingCancelled": BookingState.CANCELLED,
}

IN_THE_WAY = "its event was moved to where another of theirs is followed up"


class Moments(Protocol):
    """What customers went through."""

    def feel(self, emotion: Emotion) -> bool:
        """Keeps an emotion; False where it was kept before."""

    def booking(self, booking_id: str) -> Booking | None:
        """A booking as it was last told of, which nobody else changes before this transaction ends."""

    def book(self, booking: Booking) -> bool:
        """Keeps what a booking is now; False where newer was told before."""


class Waiting(Protocol):
    """Follow-ups, as far as they are looked for."""

    def of_booking(self, booking_id: str) -> list[Job]:
        """The follow-ups of a booking that are not called back."""

    def waiting(self, customer_id: str, kind: Kind) -> list[Job]:
        """The follow-ups of a customer whose message has not gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads news, with what it needs for that."""

    planner: Planner
    moments: Moments
    waiting: Waiting

    def read(self, news: NewsArrived) -> FollowUpsPlanned:
        """Does what the news means, once however often it comes. Raises RefusedError for what it cannot place, and
        NotFoundError for a customer that is not there.
        """
        if news.kind == "EmotionRecorded":
            return self._emotion(news)
        return self._booking(news)

    def _emotion(self, news: NewsArrived) -> FollowUpsPlanned:
        said = news.detail
        if said.customer_id is None or said.score is None:
            raise RefusedError("an emotion is read from its text before it comes here")
        emotion = Emotion(
            emotion_id=from_content("emotion", said.told_in or news.id), customer_id=said.customer_id,
            conversation_id=said.conversation_id, score=said.score, read_by=said.read_by, at=news.time,
        )  # fmt: skip
        return self.feel(emotion)

    def feel(self, emotion: Emotion) -> FollowUpsPlanned:
        """Keeps an emotion; what waits is written as it fits now, and whoever feels bad hears of somebody."""
        wish = self._check_in(emotion)
        self._must_be_there(wish)
        if not self.moments.feel(emotion):
            return FollowUpsPlanned(known=True, because="this emotion was told of before")
        rewritten = [
            self.planner.choose_again(job) for job in self.waiting.waiting(emotion.customer_id, Kind.POST_EVENT)
        ]
        count = sum(template is not None for template in rewritten)
        felt = rule.mean(self._must_be_there(wish).scores)
        if felt is None or felt >= self.planner.rules.low:
            return FollowUpsPlanned(rewritten=count, because="they do not feel bad")
        [planned] = self.planner.plan([wish])
        return FollowUpsPlanned(planned=planned.job_id is not None, rewritten=count, because=planned.because)

    def _check_in(self, emotion: Emotion) -> Wish:
        return Wish(
            kind=Kind.EMOTION_BASED, customer_id=emotion.customer_id,
            key=f"{emotion.conversation_id or emotion.customer_id} {emotion.at:%Y-%m-%d}",
            due_at=emotion.at + self.planner.rules.answer_within, event_at=emotion.at,
            conversation_id=emotion.conversation_id, because="they felt bad of late",
        )  # fmt: skip

    def _booking(self, news: NewsArrived) -> FollowUpsPlanned:
        said = news.detail
        booking_id = str(said.booking_id)
        before = self.moments.booking(booking_id)
        customer_id = said.customer_id or (before.customer_id if before else None)
        if customer_id is None:
            raise RefusedError(f"{news.kind} names a booking that nobody told of before; give its customer_id")
        if before is not None and before.customer_id != customer_id:
            raise RefusedError(f"{news.kind} names another customer than the booking had before")
        state = STATES[news.kind]
        ends_at = said.ends_at or (before.ends_at if before else None)
        if ends_at is None and state is BookingState.COMPLETED:
            ends_at = news.time
        if ends_at is None and state is BookingState.BOOKED:
            raise RefusedError(f"{news.kind} does not say when the booking ends now; give ends_at")
        booking = Booking(
            booking_id=booking_id, customer_id=customer_id,
            conversation_id=said.conversation_id or (before.conversation_id if before else None),
            ends_at=ends_at, state=state, told_at=news.time,
        )  # fmt: skip
        if ends_at is not None:
            self._must_be_there(self.wish(booking))
        if not self.moments.book(booking):
            return FollowUpsPlanned(known=True, because="this, or something newer, was told of this booking")
        return self.of(booking)

    def of(self, booking: Booking) -> FollowUpsPlanned:
        """Plans, moves or calls back the follow-up of a booking; whoever books is not asked to come back."""
        if booking.state is BookingState.CANCELLED:
            called = [self._call_back(job, "its booking is cancelled") for job in self._jobs(booking)]
            return FollowUpsPlanned(cancelled=sum(called), because="the booking is cancelled")
        back = [
            self._call_back(job, "they booked meanwhile")
            for job in self.waiting.waiting(booking.customer_id, Kind.RE_ENGAGEMENT)
        ]
        assert booking.ends_at is not None
        jobs = self._jobs(booking)
        if jobs:
            moved = [self._move(job, booking.ends_at) for job in jobs]
            back += [self._call_back(job, IN_THE_WAY) for job, status in zip(jobs, moved, strict=True)
                     if status is Status.FAILED]  # fmt: skip
            return FollowUpsPlanned(
                moved=moved.count(Status.DONE), cancelled=sum(back), because="it has its follow-up already"
            )
        if booking.state is BookingState.BOOKED:
            return FollowUpsPlanned(cancelled=sum(back), because="it is followed up once it has taken place")
        [planned] = self.planner.plan([self.wish(booking)])
        return FollowUpsPlanned(planned=planned.job_id is not None, cancelled=sum(back), because=planned.because)

    def wish(self, booking: Booking, *, delay: timedelta | None = None) -> Wish:
        """The follow-up that a booking which took place has, or will have."""
        assert booking.ends_at is not None
        delay = self.planner.rules.delay if delay is None else delay
        return Wish(
            kind=Kind.POST_EVENT, customer_id=booking.customer_id, key=f"booking {booking.booking_id}",
            due_at=rule.after_event(booking.ends_at, delay, now=self.planner.now), event_at=booking.ends_at,
            conversation_id=booking.conversation_id, booking_id=booking.booking_id,
            because=f"{_length(delay)} after their booking", facts={"delay_hours": delay.total_seconds() / 3600},
        )  # fmt: skip

    def _must_be_there(self, wish: Wish) -> Known:
        """What is known of the customer. Raises NotFoundError, so that the news wait among the dead letters."""
        [known] = self.planner.jobs.known([wish])
        if known is None:
            raise NotFoundError("there is no such customer; import them, and send the dead letter again")
        return known

    def _jobs(self, booking: Booking) -> list[Job]:
        return self.waiting.of_booking(booking.booking_id)

    def _call_back(self, job: Job, because: str) -> bool:
        return self.planner.call_back(job, because=because, by=None).status is Status.DONE

    def _move(self, job: Job, ends_at: datetime) -> Status:
        """To as long after the event's end as it was planned to come; what has gone is not moved.

        FAILED also where another event is followed up by then. Left where it is, it would go before its own.
        """
        if job.event_at == ends_at:
            return Status.SKIPPED
        hours = job.facts.get("delay_hours")
        delay = self.planner.rules.delay if hours is None else timedelta(hours=hours)
        due_at = rule.after_event(ends_at, delay, now=self.planner.now)
        moved = self.planner.move(job, due_at=due_at, event_at=ends_at, because="its event was moved", by=None)
        return moved.status


def inactive_wishes(
    people: Iterable[tuple[str, datetime]], inactive: timedelta, *, now: datetime
) -> Iterator[Wish]:
    """A wish to ask each back who has been inactive since then; one silence is asked about once."""
    for customer_id, last_activity in people:
        yield reengagement(customer_id, last_activity, inactive, now=now)


def reengagement(customer_id: str, last_activity: datetime, inactive: timedelta, *, now: datetime) -> Wish:
    """The wish to ask somebody back who did nothing for so long; where that is over, at once."""
    return Wish(
        kind=Kind.RE_ENGAGEMENT, customer_id=customer_id, key=f"silent since {last_activity:%Y-%m-%d}",
        due_at=max(last_activity + inactive, now), event_at=last_activity,
        because=f"nothing from them for {inactive.days} days", facts={"inactive_days": inactive.days},
    )  # fmt: skip


def _length(delay: timedelta) -> str:
    return f"{delay.total_seconds() / 3600:g} hours"


def emotion_id(*parts: object) -> UUID:
    """The id of an emotion that is told of by something else than an event."""
    return from_content("emotion", *parts)
