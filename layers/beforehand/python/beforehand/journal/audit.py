"""An audit entry: who changed what, from what to what, and why; it never holds what tells who a customer is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
WITHHELD = "withheld"
"""Stands for a value that is there and is not told."""

PERSONAL = frozenset(
    {"name", "email", "phone", "address", "contact", "to", "recipient", "subject", "body", "text", "html",
     "message", "variables"}
)  # fmt: skip
"""Fields whose values are never kept, wherever in a document they stand."""

LOOKS_PERSONAL = re.compile(
    r"[^\s@]+@[^\s@]+\.[^\s@]+|(?<![\w-])(?!\d{4}-\d\d-\d\d|[0-9a-f]{8}-)\+?\d(?:[ ()./-]{0,2}\d){8,}(?![\w-])"
)
"""An e-mail address, or a number so long that it may be a telephone's: no date, and no id that has a letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One change. `action` is `<kind of subject>.<verb>`, such as `case.take`; `role` is None where a task did it.

    `before` and `after` are made by `changed`, and so hold only fields that differ, and nothing personal.
    """

    at: datetime
    who: str
    role: str | None
    action: str
    subject_id: str
    because: str
    customer_id: str | None = None
    request_id: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ACTION.fullmatch(self.action):
            raise ValueError(
                f"{self.action!r} is no action; write it as <kind of subject>.<verb>, such as case.take"
            )

    @property
    def subject_kind(self) -> str:
        """What kind of thing was changed: the first half of the action."""
        return self.action.partition(".")[0]


def audited(
    *,
    at: datetime,
    who: str,
    role: str | None,
    action: str,
    subject: object,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    because: str,
    customer_id: str | None = None,
    request_id: str | None = None,
) -> Audited:
    """The entry of a change that was made. Raises ValueError for an action that is none.

    `before` and `after` may be given whole. A change of a customer is theirs without saying so.
    """
    was, became = changed(before or {}, after or {})
    of_customer = str(subject) if action.startswith("customer.") else None
    return Audited(
        at=at,
        who=who,
        role=role,
        action=action,
        subject_id=str(subject),
        customer_id=customer_id or of_customer,
        before=was,
        after=became,
        because=told(because),
        request_id=request_id,
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they became, without what is personal."""
    names = [name for name in (*before, *(n for n in after if n not in before)) if _differs(name, before, after)]
    return (
        {name: kept(name, before[name]) for name in names if name in before},
        {name: kept(name, after[name]) for name in names if name in after},
    )


def kept(name: str, value: Any) -> Any:
    """A value as the audit keeps it: in a form that JSON has, and withheld where it is personal."""
    if value is None or isinstance(value, bool):
        return value
    if name.lower() in PERSONAL:
        return WITHHELD
    if isinstance(value, Mapping):
        return {str(inner): kept(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            kept(name, one) for one in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return told(str(value))


def told(text: str) -> str:
    """A text in which whatever looks like an address or a telephone number is withheld."""
    return LOOKS_PERSONAL.sub(WITHHELD, text)


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return (name in before) != (name in after) or before[name] != after[name]
