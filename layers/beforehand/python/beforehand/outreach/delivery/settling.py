"""What becomes of a message when an attempt has ended, or when nobody can tell that it has. Pure rules."""

from datetime import datetime, timedelta

from beforehand.outreach.channels.model import Evidence
from beforehand.outreach.delivery.model import (
    EVIDENCE,
    MOST_REFUSALS,
    MOST_RESENT,
    SETTLE,
    Ended,
    Move,
    Question,
    Token,
    Told,
)
from beforehand.outreach.model import Hold, State

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=366)
LOOK_AGAIN = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)


def pause_after(refusals: int) -> timedelta:
    """How long a message rests after a provider's definite no: a minute, then twice as long, an hour at most."""
    return min(FIRST_PAUSE * (1 << min(refusals - 1, 8)), LONGEST_REST)


def settle(question: Question, told: Told | None, *, now: datetime) -> Move | None:
    """The move that an attempt's key allows; None while nothing can be said of it.

    No key at all means that the sender has not come to this message yet; it is not for us to say that it never
    will: its lease does, and then whoever asks writes `void` under the key first.
    """
    if told is None:
        return None
    ended = Ended.VOID if told.token is Token.VOID and told.ended is None else told.ended
    match ended:
        case Ended.ACCEPTED:
            return _move(question, State.SENT, Ended.ACCEPTED, told)
        case Ended.SUPPRESSED:
            return _move(question, State.SKIPPED, Ended.SUPPRESSED, told)
        case Ended.STOPPED:
            return _move(question, State.HELD, Ended.STOPPED, told, hold=Hold.STOPPED, next_at=now + LOOK_AGAIN)
        case Ended.VOID:
            return _move(question, State.SCHEDULED, Ended.VOID, told, next_at=now + _rest(question))
        case Ended.REFUSED:
            return _move(question, State.FAILED, Ended.REFUSED, told)
        case Ended.NOT_NOW:
            return _again(question, told, now)
        case _:
            return _unknown(question, told, now)


def _rest(question: Question) -> timedelta:
    """How long a message waits that nobody came to send: the first time not at all, then an hour at most."""
    return pause_after(question.attempt - 1) if question.attempt > 1 else timedelta(0)


def _again(question: Question, told: Told, now: datetime) -> Move:
    """After a definite no the next attempt is planned, unless there were enough or it would come too late."""
    refusals = question.refusals + 1
    next_at = now + max(pause_after(refusals), _asked_for(told))
    if refusals >= MOST_REFUSALS:
        because = f"{told.because}; it was tried {refusals} times"
        return _move(question, State.FAILED, Ended.NOT_NOW, told, because=because)
    if next_at >= question.not_after:
        because = f"{told.because}; another attempt would come too late"
        return _move(question, State.FAILED, Ended.NOT_NOW, told, because=because)
    return _move(question, State.SCHEDULED, Ended.NOT_NOW, told, next_at=next_at)


def _asked_for(told: Told) -> timedelta:
    """How long the provider asked to be left alone; a time that nobody lives to see is as good as a year."""
    return timedelta(seconds=min(told.wait_seconds or 0, LONGEST_PAUSE.total_seconds()))


def _unknown(question: Question, told: Told, now: datetime) -> Move | None:
    """A sender began and nobody knows what came of it: never sent again unless the channel makes that safe."""
    if question.state is not State.UNKNOWN:
        # The one that has it may still write down the end; without an answer at all it is the lease that tells.
        return _move(question, State.UNKNOWN, Ended.UNKNOWN, told) if told.ended is Ended.UNKNOWN else None
    if EVIDENCE[question.channel] is Evidence.DEDUPS_BY_KEY and question.attempt < MOST_RESENT:
        because = f"{told.because}; the receiver takes the same message once, so it is sent again"
        return _move(question, State.SCHEDULED, Ended.UNKNOWN, told, because=because, next_at=now)
    if now - question.since < SETTLE:
        return None
    because = f"{told.because}; no word of the provider came within {SETTLE // timedelta(minutes=1)} minutes"
    return _move(question, State.REVIEW, Ended.UNKNOWN, told, because=because)


def _move(
    question: Question,
    state: State,
    ended: Ended,
    told: Told,
    *,
    because: str | None = None,
    hold: Hold | None = None,
    next_at: datetime | None = None,
) -> Move:
    return Move(
        outreach_id=question.outreach_id,
        fence=question.attempt,
        state=state,
        ended=ended,
        because=because or told.because,
        hold=hold,
        next_at=next_at,
        provider_id=told.provider_id,
    )
