"""Why an outreach is as it is, and whether somebody may be contacted, in sentences on facts that were looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from beforehand.journal.telling import hold_in_words, in_words, utc

Facts = Mapping[str, Any]
LOOKS_BACK = timedelta(days=28)
"""Over which time contacts are counted for a customer's standing; the contact policy has its own numbers."""


class Kind(StrEnum):
    """What a `why` is about."""

    CUSTOMER = "customer"
    OUTREACH = "outreach"


class Answer(StrEnum):
    """How one thing stands towards contacting somebody."""

    YES = "yes"
    NO = "no"
    WAITS = "waits"
    DEPENDS = "depends"
    """On what the message is for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that is asked before somebody is contacted, and what it says."""

    about: str
    answer: Answer
    because: str


def is_outreach_id(subject: str) -> UUID | None:
    """The id of an outreach that a subject may be; None where it can only be a customer's."""
    try:
        found = UUID(subject)
    except ValueError:
        return None
    # UUID() takes other forms too: without hyphens, in braces. Those are more likely a customer's.
    return found if str(found) == subject.lower() else None


def resolved(subject: str, kind: Kind, *, also: bool) -> str:
    """How a subject was read; `also` says that there is a customer with the id of an outreach."""
    if not also:
        return f"{subject} is the id of {'an outreach' if kind is Kind.OUTREACH else 'a customer'}"
    other = "customer" if kind is Kind.OUTREACH else "outreach"
    return (
        f"{subject} is the id of an outreach and of a customer too; this is about the {kind}: "
        f"ask with kind={other} for the {other}"
    )


def waits(row: Facts, cases: Sequence[Facts] = ()) -> str | None:
    """What an outreach waits for and until when; None where it is over. `cases` are those about it."""
    until = row["next_at"]
    if row["state"] == "held":
        told = f"it waits for {hold_in_words(row['hold'])}"
        if until is None and (falls := _falls(cases)):
            return f"{told}; {falls}"
        if until is None:
            return f"{told}; it is withdrawn by itself if it has not gone by {utc(row['not_after'])}"
        return f"{told}; the desk looks again at {utc(until)}, and it has to go before {utc(row['not_after'])}"
    if row["state"] == "scheduled":
        return f"it goes at {utc(until or row['due_at'])}, if the gate lets it then"
    if row["state"] == "claimed":
        until = row["lease_until"]
        return f"attempt {row['attempt']} is under way" + (f", until {utc(until)} at most" if until else "")
    if row["state"] == "unknown":
        return "the provider's answer was lost; it is asked what became of the message, which is never sent twice"
    return "a person looks at it: nobody can say whether it went" if row["state"] == "review" else None


def _falls(cases: Sequence[Facts]) -> str | None:
    """What becomes of a held message where nobody takes its case."""
    for one in cases:
        if one["state"] == "open" and one.get("otherwise") and not one["otherwise_because"]:
            ends = "it goes" if one["otherwise"] == "send" else "it is withdrawn"
            return f"if nobody takes its case by {utc(one['otherwise_at'])}, {ends}"
    return None


def checks(
    customer: Facts, *, cases: Sequence[Facts], suppressed: Sequence[Facts], contacts: Facts
) -> tuple[Check, ...]:
    """What is asked before a customer is contacted, the weightiest first."""
    # That they consent no more is said by their consent; each of their addresses would say it again.
    told = {"consent_withdrawn"} if customer["marketing_consent"] is False else set()
    return (
        _consent(customer),
        _address(customer),
        *_suppressed([one for one in suppressed if one["reason"] not in told]),
        _case(cases),
        _contacts(contacts),
    )


def standing(asked: Sequence[Check]) -> tuple[Answer, str]:
    """Whether a customer may be contacted now, and the sentence that says why."""
    for answer, told in (
        (Answer.NO, "they are not to be contacted: "),
        (Answer.WAITS, "automated messages wait: "),
        (Answer.DEPENDS, ""),
    ):
        if because := [one.because for one in asked if one.answer is answer]:
            return answer, told + "; ".join(because)
    return Answer.YES, "they may be contacted; the gate looks at window, budget and cool-down when a message is due"


def _consent(customer: Facts) -> Check:
    said = customer["marketing_consent"]
    since = f" on {customer['consented_on']}" if customer["consented_on"] else ""
    source = f" ({customer['consent_source']})" if customer["consent_source"] else ""
    if said is None:
        because = "nobody knows whether they agree; the contact policy says which purposes want a yes"
        return Check(about="consent", answer=Answer.DEPENDS, because=because)
    word, answer = ("yes", Answer.YES) if said else ("no", Answer.NO)
    return Check(about="consent", answer=answer, because=f"they said {word}{since}{source}")


def _address(customer: Facts) -> Check:
    ways = [name for name, there in (("e-mail", "has_email"), ("phone", "has_phone")) if customer[there]]
    if not ways:
        return Check(about="address", answer=Answer.NO, because="neither e-mail nor phone is known")
    return Check(about="address", answer=Answer.YES, because=f"{' and '.join(ways)} known")


def _suppressed(suppressed: Sequence[Facts]) -> list[Check]:
    return [
        Check(
            about="suppression",
            answer=Answer.NO,
            because=f"{one['channel']} is suppressed since {utc(one['since'])}: {in_words(one['reason'])}",
        )
        for one in suppressed
    ]


def _case(cases: Sequence[Facts]) -> Check:
    if not cases:
        return Check(about="case", answer=Answer.YES, because="no case of theirs is open")
    first = cases[0]
    hand = "taken" if first["taken_by"] else "not taken yet"
    more = f", and {len(cases) - 1} more" if len(cases) > 1 else ""
    because = f"a case ({in_words(first['kind'])}) is {hand}, due {utc(first['due_at'])}{more}"
    return Check(about="case", answer=Answer.WAITS, because=because)


def _contacts(contacts: Facts) -> Check:
    times, last = contacts["times"], contacts["last_at"]
    if not times:
        because = f"not contacted in the last {LOOKS_BACK.days} days"
    else:
        often = "once" if times == 1 else f"{times} times"
        because = f"contacted {often} in the last {LOOKS_BACK.days} days, last {_at(last)}"
    return Check(about="contacts", answer=Answer.YES, because=because)


def _at(moment: datetime | None) -> str:
    return "at a time that nobody wrote down" if moment is None else utc(moment)
