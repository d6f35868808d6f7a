"""Whose column is which: by name, by other names, by a mapping; what is ambiguous or wrong is said."""

import json
from datetime import date

import pytest

from beforehand.customers.mapping import AS_IT_IS, ImportMapping, read_mapping
from beforehand.customers.plan import Plan, plan
from beforehand.customers.rows import Rows
from beforehand.customers.sheet import UnreadableFileError
from tests.customers.files import sheet

TODAY = date(2026, 1, 15)


def planned(header: str, kind: str = "customers", mapping: ImportMapping = AS_IT_IS) -> Plan:
    return plan(tuple(header.split(",")), kind, mapping, latest=TODAY)


def mapped(toml: str) -> ImportMapping:
    return read_mapping(toml.encode(), name="m.toml")


def read(text: str, toml: str, kind: str = "customers") -> Rows:
    mapping = mapped(toml)
    opened = sheet(text, kind, mapping)
    return Rows(sheet=opened, plan=plan(opened.header, kind, mapping, latest=TODAY))


@pytest.mark.parametrize(
    ("kind", "header", "sources"),
    [
        ("customers", "Customer ID,E-mail,phone_number,Time Zone", {
            "customer_id": "Customer ID", "email": "E-mail", "phone": "phone_number", "zone": "Time Zone"}),
        ("customers", "CUSTOMER-ID,Opt In,Customer Since", {
            "customer_id": "CUSTOMER-ID", "marketing_consent": "Opt In", "signed_up_on": "Customer Since"}),
        ("customers", "customer_id,email,E-mail address,,shoe_size", {
            "customer_id": "customer_id", "email": "email"}),
        ("purchases", "Client ID,Order Date,Order total,Qty,Order No", {
            "customer_id": "Client ID", "purchased_on": "Order Date", "amount": "Order total", "quantity": "Qty",
            "purchase_id": "Order No"}),
    ],
)  # fmt: skip
def test_knows_columns_by_other_names(kind: str, header: str, sources: dict[str, str]) -> None:
    assert dict(planned(header, kind).sources) == sources


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("name,nps", "the header lacks customer_id; it has name, nps"),
        ("customer_id,nps,nps", "names nps more than once; keep one"),
        ("customer_id,Nps,NPS", "names nps more than once; keep one"),
        (
            "customer_id,mobile,telephone",
            "'mobile' and 'telephone' could each be phone; rename one, or say in a mapping",
        ),
        ("C1,17,2025-01-01", "say header = false in a mapping"),
    ],
)
def test_refuses_a_header_that_lacks_doubles_or_could_mean_two_things(header: str, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        planned(header)


def test_two_columns_of_the_same_name_that_nobody_takes_do_no_harm() -> None:
    assert planned("customer_id,notes,notes").ignored == ("notes", "notes")


FULL = """
[file]
empty = ["N/A"]
decimal = "comma"

[columns]
customer_id = "Nr"
lifetime_value = "Umsatz"
signed_up_on = { from = "Monate", months_before = 2026-01-31 }
last_active_on = { from = "Zuletzt", date = "%d.%m.%Y" }
marketing_consent = { from = "Werbung", labels = { Ja = "yes", Nein = "no", "?" = "" } }
phone = "Telefon"
country = { constant = "DE" }
"""


def test_reads_cells_as_the_mapping_says() -> None:
    text = (
        "Nr;Umsatz;Monate;Zuletzt;Werbung;Telefon\n"
        "1;1.234,50;2;31.12.2025;Ja;030 901820\n"
        "2;N/A;N/A;2025-12-31;?;\n"
        "3;12.50;1;1.1.2026;Nein;\n"
        "4;1;x;1.1.2026;Nein;\n"
        "5;1;1;32.1.2026;Nein;\n"
        "6;1;1;16.1.2026;Nein;\n"
        "7;1;9999;;;\n"
        "8;1;;;vielleicht;\n"
    )
    rows = read(text, FULL)
    good = [dict(zip(rows.plan.columns, row, strict=True)) for _, row in rows]
    assert good == [
        {"customer_id": "1", "phone": "+4930901820", "lifetime_value": "1234.50", "signed_up_on": "2025-11-30",
         "last_active_on": "2025-12-31", "marketing_consent": "true", "country": "DE"},
        {"customer_id": "2", "phone": "", "lifetime_value": "", "signed_up_on": "", "last_active_on": "2025-12-31",
         "marketing_consent": "", "country": "DE"},
    ]  # fmt: skip
    assert [(r.line, r.column, r.because.split(",")[0].split(";")[0]) for r in rows.refusals.shown] == [
        (4, "lifetime_value", "is not a number with a decimal comma"),
        (5, "signed_up_on", "is not a whole number of months"),
        (6, "last_active_on", "is not a date of the form %d.%m.%Y"),
        (7, "last_active_on", "lies in the future"),
        (8, "signed_up_on", "is before 1900-01-01"),
        (9, "marketing_consent", "is neither yes nor no"),
    ]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("columns = 3", "m.toml is refused: columns"),
        ("[columns", "m.toml cannot be read"),
        ("[file]\ncolour = 1", "file.colour: Extra inputs"),
        ('[file]\ndelimiter = "dot"', "file.delimiter"),
        ('[file]\nencoding = "rot13"', "file.encoding"),
        ("[columns]\ncustomer_id = 0", "counted from 1"),
        ('[columns]\ncustomer_id = { from = "a", constant = "b" }', "either from or constant"),
        ('[columns]\ncustomer_id = "a"\nnps = {}', "either from or constant"),
        ('[columns]\ncustomer_id = "a"\nsigned_up_on = { from = "b", date = "%Y" }', "has a day"),
    ],
)
def test_says_what_is_wrong_with_a_mapping(toml: str, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        mapped(toml)


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[columns]\nname = "b"', "does not say where customer_id comes from"),
        ('[columns]\ncustomer_id = "a"\nshoe_size = "b"', "names shoe_size, which customers do not have"),
        ('[columns]\ncustomer_id = "z"', "the header lacks z, mapped to customer_id; it has a, b"),
        ("[columns]\ncustomer_id = 3", "mapped to column 3; the file has 2"),
        ('[columns]\ncustomer_id = "a"\nzone = { constant = "Mars" }', "constant for zone is no IANA time zone"),
        ('[columns]\ncustomer_id = "a"\nsigned_up_on = { constant = "2030-01-01" }', "lies in the future"),
        ('[file]\nheader = false\n[columns]\ncustomer_id = "a"', "give its place, from 1"),
        ("[file]\nheader = false", "say in the mapping which place each column has"),
    ],
)
def test_says_where_a_mapping_and_a_file_do_not_go_together(toml: str, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        planned("a,b", mapping=mapped(toml))


def test_json_and_toml_say_the_same() -> None:
    mapping = mapped(FULL)
    again = read_mapping(mapping.model_dump_json(by_alias=True, exclude_defaults=True).encode(), name="m.json")
    assert again == mapping
    assert json.loads(again.model_dump_json(by_alias=True))["columns"]["customer_id"]["from"] == "Nr"
