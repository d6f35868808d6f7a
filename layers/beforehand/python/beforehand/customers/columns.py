"""What the columns of an import file mean: each reads one cell, or says how to mend it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Literal
from zoneinfo import available_timezones

Kind = Literal["customers", "purchases"]
Reader = Callable[[str], str]

EARLIEST = date(1900, 1, 1)
LARGEST_AMOUNT = "999999999999.99"
TIERS = ("Platinum", "Gold", "Silver", "Bronze")
SEGMENTS = ("VIP", "Loyal", "Regular", "Occasional")
YES = frozenset({"true", "t", "yes", "y", "1"})
NO = frozenset({"false", "f", "no", "n", "0"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its type in the database, how a cell is read, and whether a row needs it."""

    type: str
    read: Reader
    required: bool = False


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
            raise ValueError(f"has {len(cell)} characters; at most {longest} are kept")
        if "\x00" in cell:
            raise ValueError("holds a NUL character; remove it")
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
        if not re.fullmatch(r"[+-]?\d{1,18}", cell) or not lowest <= int(cell) <= highest:
            raise ValueError(f"is not a whole number from {lowest} to {highest}")
        return str(int(cell))

    return read


def _date(cell: str) -> str:
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is not a date; write it as 2026-01-31") from None
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


_zones = cache(available_timezones)


def _zone(cell: str) -> str:
    if cell not in _zones():
        raise ValueError("is no time zone; write it as Asia/Kolkata")
    return cell


_id = _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "an id: 1 to 64 letters, digits, dots, dashes or underscores")
_day = Column(type="date", read=_date)
_label = Column(type="text", read=_text(200))

CUSTOMERS: Mapping[str, Column] = MappingProxyType(
    {
        "customer_id": Column(type="text", read=_id, required=True),
        "name": _label,
        "email": Column(
            type="text", read=_matching(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,255}", "an e-mail address")
        ),
        "phone": Column(
            type="text",
            read=_matching(r"\+[1-9]\d{6,14}", "a phone number; write it as +919876543210"),
        ),
        "language": Column(
            type="text",
            read=_matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag; write it as hi or pt-BR"),
        ),
        "zone": Column(type="text", read=_zone),
        "country": Column(type="text", read=_matching(r"[A-Z]{2}", "a country code; write it as IN")),
        "segment": Column(type="text", read=_one_of(*SEGMENTS)),
        "loyalty_tier": Column(type="text", read=_one_of(*TIERS)),
        "previous_loyalty_tier": Column(type="text", read=_one_of(*TIERS)),
        "loyalty_tier_changed_on": _day,
        "lifetime_value": Column(type="numeric(14, 2)", read=_amount),
        "signed_up_on": _day,
        "last_active_on": _day,
        "marketing_consent": Column(type="boolean", read=_yes_or_no),
        "csat_180d": Column(type="double precision", read=_score(1, 5)),
        "tickets_overdue": Column(type="integer", read=_whole(0, 10_000)),
        "nps": Column(type="integer", read=_whole(0, 10)),
        "nps_answered_on": _day,
        "engagement_30d": Column(type="integer", read=_whole(0, 1_000_000)),
        "engagement_90d": Column(type="integer", read=_whole(0, 1_000_000)),
    }
)

PURCHASES: Mapping[str, Column] = MappingProxyType(
    {
        "customer_id": Column(type="text", read=_id, required=True),
        "purchased_on": Column(type="date", read=_date, required=True),
        "amount": Column(type="numeric(14, 2)", read=_amount, required=True),
        "quantity": Column(type="integer", read=_whole(1, 1_000_000)),
        "purchase_id": Column(type="text", read=_id),
    }
)

COLUMNS: Mapping[Kind, Mapping[str, Column]] = MappingProxyType({"customers": CUSTOMERS, "purchases": PURCHASES})
