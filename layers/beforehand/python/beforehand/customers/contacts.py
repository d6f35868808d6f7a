"""Contact points: e-mail addresses by a strict rule, phone numbers by the metadata of libphonenumber."""

import re
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

LOCAL = r"[A-Za-z0-9_][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]*(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"({LOCAL})@((?:{LABEL}\.)+(?:[A-Za-z]{{2,63}}|[Xx][Nn]--[A-Za-z0-9-]{{1,59}}))")
CANONICAL = re.compile(r"\+[1-9][0-9]{6,14}")


def email(cell: str) -> str:
    """An address that mail providers accept: a dot-atom of at most 64 ASCII letters at a domain (RFC 5321)."""
    found = ADDRESS.fullmatch(cell) if len(cell) <= 254 else None
    if found is None or len(found[1]) > 64:
        if "@" in cell and not cell.rpartition("@")[2].isascii():
            raise ValueError("has a domain outside ASCII; write it in its xn-- form")
        raise ValueError("is not an e-mail address; write it as asha@example.com")
    return f"{found[1]}@{found[2].lower()}"


def phone(cell: str, country: str) -> str:
    """A number in its international form, E.164; one without + is read as in the country.

    Raises ValueError for a number that no one can have.
    """
    if CANONICAL.fullmatch(cell) and _is_sound(cell):
        return cell
    numbers = _numbers()
    try:
        number = numbers.parse(cell, country or None)
    except numbers.NumberParseException as error:
        if error.error_type == error.INVALID_COUNTRY_CODE and not cell.lstrip().startswith("+") and not country:
            raise ValueError("has no country; write it as +919876543210, or give the row a country") from None
        raise ValueError("is not a phone number; write it as +919876543210") from None
    if number.extension:
        raise ValueError("has an extension, which nobody can dial by itself; write it as +919876543210")
    if not numbers.is_valid_number(number):
        where = f" in {country}" if country and not cell.startswith("+") else ""
        raise ValueError(f"is a phone number that nobody can have{where}; write it as +919876543210")
    return str(numbers.format_number(number, numbers.PhoneNumberFormat.E164))


def _is_sound(number: str) -> bool:
    """Whether the library would call a canonical number valid and leave it as it is: in a tenth of its time.

    A no only means that the library has to say. It follows the library's own steps on its own metadata: the
    calling code, no national prefix to take away, then the first region that the number belongs to.
    """
    for size in (1, 2, 3):
        regions = _regions(number[1 : 1 + size])
        if regions:
            national = number[1 + size :]
            if regions[0].prefix and regions[0].prefix.match(national):
                return False
            return _belongs(national, regions)
    return False


def _belongs(national: str, regions: tuple["_Region", ...]) -> bool:
    """Whether it is a number of the first region that it can belong to."""
    for region in regions:
        if region.leading is None:
            if region.is_number(national):
                return True
        elif region.leading.match(national):
            return region.is_number(national)
    return False


class _Region:
    """What the library knows of the numbers of one region, compiled once for each length."""

    def __init__(self, known: Any) -> None:
        self.prefix = re.compile(known.national_prefix_for_parsing) if known.national_prefix_for_parsing else None
        self.leading = re.compile(known.leading_digits) if known.leading_digits is not None else None
        self._general = known.general_desc
        self._kinds = [kind for kind in (getattr(known, name) for name in KINDS) if kind is not None]
        self._by_length: dict[int, re.Pattern[str] | None] = {}

    def is_number(self, national: str) -> bool:
        """Whether somebody can have the number: it is of some kind, as the region has them."""
        size = len(national)
        if size not in self._by_length:
            self._by_length[size] = self._of_length(size)
        pattern = self._by_length[size]
        return bool(pattern and pattern.fullmatch(national))

    def _of_length(self, size: int) -> "re.Pattern[str] | None":
        kinds = [kind.national_number_pattern for kind in self._kinds if _can_have(kind, size)]
        if not _can_have(self._general, size) or not kinds:
            return None
        return re.compile(rf"(?=(?:{self._general.national_number_pattern})\Z)(?:{'|'.join(kinds)})")


def _can_have(described: Any, size: int) -> bool:
    lengths = described.possible_length
    return bool(described.national_number_pattern) and (not lengths or size in lengths)


KINDS = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
    "fixed_line", "mobile",
)  # fmt: skip


@cache
def _regions(code: str) -> tuple[_Region, ...]:
    """The regions that share a calling code, the main one first; none where that is no code of regions."""
    numbers = _numbers()
    known = [
        numbers.PhoneMetadata.metadata_for_region(region, None)
        for region in numbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    ]
    return tuple(_Region(one) for one in known) if all(known) else ()


@cache
def _numbers() -> ModuleType:
    """The library, loaded (70 ms) when a file has phone numbers."""
    return import_module("phonenumbers")
