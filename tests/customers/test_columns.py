"""What each column takes, what it makes of it, and what it says of the rest."""

from datetime import date

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beforehand.customers import contacts
from beforehand.customers.mapping import AS_IT_IS, ImportMapping
from beforehand.customers.plan import plan
from beforehand.customers.rows import Rows
from tests.customers.files import sheet

TODAY = date(2026, 1, 15)


def read(text: str, kind: str = "customers", mapping: ImportMapping = AS_IT_IS) -> Rows:
    opened = sheet(text, kind, mapping)
    return Rows(sheet=opened, plan=plan(opened.header, kind, mapping, latest=TODAY))


def one(column: str, cell: str, **beside: str) -> str:
    """What becomes of one cell; the because in brackets where it is refused."""
    names, cells = ["customer_id", column, *beside], ["C1", cell, *beside.values()]
    rows = read(",".join(names) + "\n" + ",".join(f'"{c}"' for c in cells) + "\n")
    good = [dict(zip(rows.plan.columns, row, strict=True)) for _, row in rows]
    if not good:
        refusal = rows.refusals.shown[0]
        assert (refusal.line, refusal.column) == (2, column)
        return f"({refusal.because})"
    return good[0][column]


@pytest.mark.parametrize(
    ("column", "cell", "kept"),
    [
        ("email", "Asha.Verma+news@Example.COM", "Asha.Verma+news@example.com"),
        ("email", "a@münchen.example", "(has a domain outside ASCII; write it in its xn-- form)"),
        ("phone", "+919876543210", "+919876543210"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "0044 20 7946 0958", "(has no country; write it as +919876543210, or give the row a country)"),
        ("phone", "+911234", "(is a phone number that nobody can have; write it as +919876543210)"),
        ("phone", "+999123456789", "(is not a phone number; write it as +919876543210)"),
        ("phone", "+44 20 7946 0958 ext 5", "(has an extension, which nobody can dial by itself; write it as"
         " +919876543210)"),
        ("phone", "ring me", "(is not a phone number; write it as +919876543210)"),
        ("language", "hi", "hi"),
        ("language", "pt_br", "pt-BR"),
        ("language", "ENG", "en"),
        ("language", "iw", "he"),
        ("language", "zh-hant-tw", "zh-Hant-TW"),
        ("language", "es-419", "es-419"),
        ("language", "xx", "(names no language that CLDR knows (xx); write it as hi or pt-BR)"),
        ("language", "en-ZZ", "(names no country that there is (ZZ); write it as hi or pt-BR)"),
        ("language", "Hindi", "(is no language tag; write it as hi or pt-BR)"),
        ("zone", "asia/kolkata", "Asia/Kolkata"),
        ("zone", "Mars/Olympus", "(is no IANA time zone; write it as Asia/Kolkata)"),
        ("zone", "IST+5:30", "(is no IANA time zone; write it as Asia/Kolkata)"),
        ("country", "in", "IN"),
        ("country", "UK", "(is no ISO 3166 country; write it as IN)"),
        ("signed_up_on", "2026-01-15", "2026-01-15"),
        ("signed_up_on", "2025-12-31T23:59:00Z", "2025-12-31"),
        ("signed_up_on", "2026-01-16", "(lies in the future; correct it, or leave it empty)"),
        ("last_active_on", "2062-01-15", "(lies in the future; correct it, or leave it empty)"),
        ("signed_up_on", "2025-02-30", "(is not a date; write it as 2026-01-31, or say its form in a mapping)"),
        ("signed_up_on", "1066-10-14", "(is before 1900-01-01)"),
        ("marketing_consent", "Yes", "true"),
        ("marketing_consent", "maybe", "(is neither yes nor no)"),
        ("consented_on", "2027-01-01", "(lies in the future; correct it, or leave it empty)"),
        ("lifetime_value", "-5", "(is not an amount from 0 to 999999999999.99; write it as 1234.50)"),
        ("name", "=HYPERLINK(0)", "(begins with =, as formulas of spreadsheets do; remove it)"),
        ("name", "@SUM(1)", "(begins with @, as formulas of spreadsheets do; remove it)"),
        ("name", "+1", "(begins with +, as formulas of spreadsheets do; remove it)"),
        ("name", "-1", "(begins with -, as formulas of spreadsheets do; remove it)"),
        ("name", "Asha\nBcc: all", "(holds a line break or another character that cannot be seen; remove it)"),
        ("name", "x" * 201, "(has 201 characters; at most 200 are kept)"),
        ("nps", "=1+1", "(is not a whole number from 0 to 10)"),
    ],
)  # fmt: skip
def test_reads_a_cell_or_says_how_to_mend_it(column: str, cell: str, kept: str) -> None:
    assert one(column, cell) == kept


@pytest.mark.parametrize(
    "address",
    ["asha", "asha@", "@example.com", "a b@example.com", "a@b", "a..b@example.com", "a@-b.example", "a@b.c,d@e.f",
     "=cmd@example.com", "-x@example.com", "a@b_c.example", f"{'x' * 65}@example.com", f"a@{'x.' * 126}example",
     "a@example.com\nBcc: b@example.com"],
)  # fmt: skip
def test_refuses_what_is_no_address(address: str) -> None:
    assert one("email", address).startswith("(is not an e-mail address")


def test_a_national_number_is_read_as_in_the_country_of_its_row() -> None:
    assert one("phone", "098765 43210", country="IN") == "+919876543210"
    assert one("phone", "(020) 7946-0958", country="GB") == "+442079460958"
    assert one("phone", "12", country="GB").startswith("(is ")
    assert one("phone", "098765 43210", country="").startswith("(has no country")


def test_signs_of_another_encoding_are_refused_where_they_stand() -> None:
    opened = sheet("customer_id,name\nC1,Asha\nC2,José\n".encode("cp1252"), "customers")
    rows = Rows(sheet=opened, plan=plan(opened.header, "customers", AS_IT_IS, latest=TODAY))
    assert [row for _, row in rows] == [["C1", "Asha"]]
    assert [(r.line, r.column, r.because[:12]) for r in rows.refusals.shown] == [(3, "name", "is not UTF-8")]


def national(region: str) -> list[str]:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    kinds = [getattr(metadata, kind) for kind in contacts.KINDS]
    return [kind.example_number for kind in kinds if kind is not None and kind.example_number]


EXAMPLES = [
    f"+{phonenumbers.country_code_for_region(region)}{number}"
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for number in national(region)
]


def agrees(number: str) -> None:
    """A number that is taken on the short way is one that the library takes, and leaves as it is."""
    if contacts.CANONICAL.fullmatch(number) and contacts._is_sound(number):
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


def test_the_short_way_takes_nearly_every_example_of_the_library() -> None:
    assert len(EXAMPLES) > 1_000
    for number in EXAMPLES:
        agrees(number)
    sound = [n for n in EXAMPLES if contacts.CANONICAL.fullmatch(n) and contacts._is_sound(n)]
    assert len(sound) > 0.9 * len(EXAMPLES)


@given(st.sampled_from(EXAMPLES), st.lists(st.tuples(st.integers(1, 14), st.integers(-1, 9)), max_size=6))
@example("+391234567890", [(3, 0)])
@example("+12015550123", [(2, 1)])
def test_the_short_way_agrees_with_the_library_about_any_number(
    number: str, changes: list[tuple[int, int]]
) -> None:
    digits = list(number)
    for place, digit in changes:
        if digit < 0:
            del digits[place : place + 1]
        else:
            digits.insert(place, str(digit)) if digit % 2 else digits.__setitem__(
                slice(place, place + 1), str(digit)
            )
    agrees("".join(digits))


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_the_short_way_agrees_with_the_library_about_numbers_out_of_the_air(number: str) -> None:
    agrees(number)
