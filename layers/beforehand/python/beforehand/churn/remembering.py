"""What was tried with a customer before, and what came of it, in words for staff. It holds no name."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from beforehand.churn.model import Remembered

TOLD = 3
LATELY = timedelta(days=90)
ARRIVED = ("sent", "delivered")
NEVER_LEFT = ("skipped", "expired", "cancelled", "failed")
ANSWERED = {
    "handled": "a person saw to it",
    "send": "a person let the message go",
    "dismissed": "a person found nothing to do",
}


def tried(memory: Sequence[Remembered], *, as_of: datetime, last_bought_on: date | None) -> tuple[str, ...]:
    """A sentence for each of the last three attempts, newest first."""
    return tuple(_sentence(one, as_of, last_bought_on) for one in memory[:TOLD])


def in_vain(memory: Sequence[Remembered], *, as_of: datetime, last_bought_on: date | None) -> Remembered | None:
    """The last attempt that reached them in 90 days, if they have not bought since; None otherwise."""
    reached = next((one for one in memory if _reached(one) and one.at > as_of - LATELY), None)
    return None if reached is None or _bought_since(reached, last_bought_on) else reached


def ago(at: datetime, as_of: datetime) -> str:
    """How long ago something was, in days."""
    days = (as_of - at).days
    return "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"


def _sentence(one: Remembered, as_of: datetime, last_bought_on: date | None) -> str:
    when = ago(one.at, as_of)
    about = f" about {one.cause.replace('_', ' ')}" if one.cause else ""
    if one.action != "propose":
        why = "no message could be written" if one.action == "fail" else "a message was planned already"
        return f"looked at {when}{about}: {why}"
    if _reached(one):
        came = "they have bought since" if _bought_since(one, last_bought_on) else "nothing came of it yet"
        return f"approached {when}{about}: {came}"
    return f"a message was planned {when}{about}: {_standing(one)}"


def _standing(one: Remembered) -> str:
    if one.answer in ANSWERED:
        return ANSWERED[one.answer]
    if one.case_state in ("open", "taken"):
        return f"it waits for a person, whose case is {one.case_state}"
    if one.state in NEVER_LEFT:
        return f"it never left ({one.state})"
    return "nobody knows whether it arrived" if one.state in ("unknown", "review") else "it has not left yet"


def _reached(one: Remembered) -> bool:
    return one.action == "propose" and (one.state in ARRIVED or one.answer == "handled")


def _bought_since(one: Remembered, last_bought_on: date | None) -> bool:
    return last_bought_on is not None and last_bought_on > one.at.date()
