"""What the columns of an import file mean: each reads one cell, or says how to mend it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from beforehand.customers import contacts, places

Kind = Literal["customers", "purchases"]
Reader = Callable[[str], str]

EARLIEST = date(1900, 1, 1)
LARGEST_AMOUNT = "999999999999.99"
TIERS = ("Platinum", "Gold", "Silver", "Bronze")
SEGMENTS = ("VIP", "Loyal", "Regular", "Occasional")
CHANNELS = ("email", "sms")
YES = frozenset({"true", "t", "yes", "y", "1"})
NO = frozenset({"false", "f", "no", "n", "0"})
UNSEEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its type in the database, how a cell is read, and whether a row needs it."""

    type: str
    read: Reader
    required: bool = False
    few: bool = False
    """Whether the same cells come again and again, so that what was read is worth keeping."""
    past: bool = False
    """A day that cannot lie ahead."""
    beside: str | None = None
    """The column of the same row that `read_beside` is given too, where there is one."""
    read_beside: Callable[[str, str], str] | None = None


def _matching(pattern: str, what: str) -> Reader:
    known = re.compile(pattern)

    def read(cell: str) -> str:
        if not known.fullmatch(cell):
            raise ValueError(f"is not {what}")
        return cell

    return read


def _text(longest: int) -> Reader:
    def read(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"has {len(cell):,} characters; at most {longest} are kept")
        if UNSEEN.search(cell):
            raise ValueError("holds a line break or another character that cannot be seen; remove it")
        if cell[0] in "=+-@":
            raise ValueError(f"begins with {cell[0]}, as formulas of spreadsheets do; remove it")
        return cell

    return read


def _one_of(*labels: str) -> Reader:
    known = {label.lower(): label for label in labels}

    def read(cell: str) -> str:
        if cell.lower() not in known:
            raise ValueError(f"is none of {', '.join(labels)}")
        return known[cell.lower()]

    return read


def _whole(lowest: int, highest: int) -> Reader:
    def read(cell: str) -> str:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", cell) or not lowest <= int(cell) <= highest:
            raise ValueError(f"is not a whole number from {lowest} to {highest}")
        return str(int(cell))

    return read


def read_day(cell: str) -> date:
    """A day; of a moment, the day that is written. Raises ValueError."""
    try:
        return date.fromisoformat(cell) if len(cell) <= 10 else datetime.fromisoformat(cell).date()
    except ValueError:
        raise ValueError("is not a date; write it as 2026-01-31, or say its form in a mapping") from None


def _date(cell: str) -> str:
    day = read_day(cell)
    if day < EARLIEST:
        raise ValueError(f"is before {EARLIEST}")
    return day.isoformat()


def _amount(cell: str) -> str:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", cell):
        raise ValueError(f"is not an amount from 0 to {LARGEST_AMOUNT}; write it as 1234.50")
    return cell


def _score(lowest: float, highest: float) -> Reader:
    def read(cell: str) -> str:
        try:
            score = float(cell)
        except ValueError:
            raise ValueError("is not a number") from None
        if not lowest <= score <= highest:
            raise ValueError(f"is not from {lowest:g} to {highest:g}")
        return repr(score)

    return read


def _yes_or_no(cell: str) -> str:
    said = cell.lower()
    if said not in YES | NO:
        raise ValueError("is neither yes nor no")
    return "true" if said in YES else "false"


def _abroad(cell: str) -> str:
    return contacts.phone(cell, "")


_id = _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "an id: 1 to 64 letters, digits, dots, dashes or underscores")
_day = Column(type="date", read=_date, few=True, past=True)
_label = Column(type="text", read=_text(200))
_count = Column(type="integer", read=_whole(0, 1_000_000), few=True)

CUSTOMERS: Mapping[str, Column] = MappingProxyType(
    {
        "customer_id": Column(type="text", read=_id, required=True),
        "name": _label,
        "email": Column(type="text", read=contacts.email),
        # Before the phone, which is read as in this country.
        "country": Column(type="text", read=places.country, few=True),
        "phone": Column(type="text", read=_abroad, beside="country", read_beside=contacts.phone),
        "language": Column(type="text", read=places.language, few=True),
        "zone": Column(type="text", read=places.zone, few=True),
        "segment": Column(type="text", read=_one_of(*SEGMENTS), few=True),
        "loyalty_tier": Column(type="text", read=_one_of(*TIERS), few=True),
        "previous_loyalty_tier": Column(type="text", read=_one_of(*TIERS), few=True),
        "loyalty_tier_changed_on": _day,
        "lifetime_value": Column(type="numeric(14, 2)", read=_amount),
        "signed_up_on": _day,
        "last_active_on": _day,
        "marketing_consent": Column(type="boolean", read=_yes_or_no, few=True),
        "consented_on": _day,
        "consent_source": Column(type="text", read=_text(200), few=True),
        "preferred_channel": Column(type="text", read=_one_of(*CHANNELS), few=True),
        "csat_180d": Column(type="double precision", read=_score(1, 5), few=True),
        "tickets_overdue": Column(type="integer", read=_whole(0, 10_000), few=True),
        "nps": Column(type="integer", read=_whole(0, 10), few=True),
        "nps_answered_on": _day,
        "engagement_30d": _count,
        "engagement_90d": _count,
    }
)

PURCHASES: Mapping[str, Column] = MappingProxyType(
    {
        "customer_id": Column(type="text", read=_id, required=True),
        "purchased_on": Column(type="date", read=_date, required=True, few=True, past=True),
        "amount": Column(type="numeric(14, 2)", read=_amount, required=True),
        "quantity": Column(type="integer", read=_whole(1, 1_000_000), few=True),
        "purchase_id": Column(type="text", read=_id),
    }
)

COLUMNS: Mapping[Kind, Mapping[str, Column]] = MappingProxyType({"customers": CUSTOMERS, "purchases": PURCHASES})
