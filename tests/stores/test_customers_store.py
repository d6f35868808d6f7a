"""Imports against the real database: good rows go in, each bad one is named, nothing is half-done."""

from datetime import UTC, date, datetime

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.customers.service import import_file
from beforehand.customers.sheet import UnreadableFileError
from beforehand.customers.store import PostgresImport
from beforehand.events.customers import ImportFinished
from tests.customers.files import sheet

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def load(transaction: Transaction, kind: str, text: str) -> ImportFinished:
    transaction.run("drop table if exists incoming")
    return import_file(f"imports/{kind}/test.csv", kind, sheet(text, kind), PostgresImport(transaction), now=NOW)


def counts(answer: ImportFinished) -> tuple[int, int, int, int]:
    return answer.added, answer.changed, answer.unchanged, answer.refused_rows


def test_adds_changes_and_leaves_alone(transaction: Transaction) -> None:
    first = "customer_id,name,segment,nps\nC100001,Asha,vip,9\nC100002,Ben,Loyal,\n"
    assert counts(load(transaction, "customers", first)) == (2, 0, 0, 0)
    assert counts(load(transaction, "customers", first)) == (0, 0, 2, 0)
    second = "customer_id,nps\nC100001,3\nC100003,10\n"
    assert counts(load(transaction, "customers", second)) == (1, 1, 0, 0)
    found = transaction.row("select name, segment, nps from customers where customer_id = 'C100001'")
    assert found == {"name": "Asha", "segment": "VIP", "nps": 3}


def test_an_empty_cell_says_nothing(transaction: Transaction) -> None:
    load(transaction, "customers", "customer_id,nps\nC1,7\n")
    assert counts(load(transaction, "customers", "customer_id,nps\nC1,\n")) == (0, 0, 1, 0)


def test_names_the_line_and_the_column_of_each_bad_row(transaction: Transaction) -> None:
    text = (
        "customer_id,nps,signed_up_on,zone\n"
        "C1,11,2024-01-01,Asia/Kolkata\n"
        "C2,5,2024-02-30,Asia/Kolkata\n"
        "C3,5,2024-01-01,Mars/Olympus\n"
        "C4,5,2024-01-01,Asia/Kolkata\n"
        "C4,6,2024-01-01,Asia/Kolkata\n"
        ",5,2024-01-01,Asia/Kolkata\n"
        "C6,5\n"
    )
    answer = load(transaction, "customers", text)
    assert counts(answer) == (1, 0, 0, 6)
    assert [(r.line, r.column) for r in answer.refused] == [
        (2, "nps"), (3, "signed_up_on"), (4, "zone"), (6, "customer_id"), (7, "customer_id"), (8, ""),
    ]  # fmt: skip
    assert transaction.row("select nps from customers where customer_id = 'C4'") == {"nps": 5}


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "the file is empty"),
        ("name,nps\nAsha,9\n", "the header lacks customer_id"),
        ("customer_id,nps,nps\nC1,9,9\n", "names nps more than once"),
        ('customer_id,name\nC1,Asha\nC2,"Ben\n', "line 3"),
        ('customer_id,name\nC1,Asha\nC2,"Be"n\n', "line 3"),
    ],
)
def test_takes_nothing_of_a_broken_file(database: PostgresDatabase, text: str, because: str) -> None:
    with pytest.raises(UnreadableFileError, match=because), database.transaction() as transaction:
        load(transaction, "customers", text)
    with database.transaction() as transaction:
        assert transaction.row("select count(*) as customers from customers") == {"customers": 0}


def test_the_same_purchases_twice_add_nothing(transaction: Transaction) -> None:
    load(transaction, "customers", "customer_id\nC1\n")
    text = "customer_id,purchased_on,amount\nC1,2025-01-01,10.00\nC1,2025-01-01,10.00\nC1,20250102,5\n"
    assert counts(load(transaction, "purchases", text)) == (3, 0, 0, 0)
    assert counts(load(transaction, "purchases", text)) == (0, 0, 3, 0)


def test_a_purchase_id_that_stands_twice_is_refused_with_its_line(transaction: Transaction) -> None:
    load(transaction, "customers", "customer_id\nC1\nC2\n")
    text = (
        "customer_id,purchase_id,purchased_on,amount\n"
        "C1,INV1,2025-01-01,10\nC1,INV1,2025-01-01,20\nC2,INV1,2025-01-01,5\nC1,,2025-01-01,1\nC1,,2025-01-01,1\n"
    )
    answer = load(transaction, "purchases", text)
    assert counts(answer) == (4, 0, 0, 1)
    assert (answer.refused[0].line, answer.refused[0].column) == (3, "purchase_id")


@pytest.mark.parametrize("cell", ["1e-100000000", "1_000", "-1", "NaN", "1000000000000", "٣", "0x1F", "1.0000000"])
def test_an_amount_that_is_none_is_refused(transaction: Transaction, cell: str) -> None:
    load(transaction, "customers", "customer_id\nC1\n")
    answer = load(transaction, "purchases", f"customer_id,purchased_on,amount\nC1,2025-01-01,{cell}\n")
    assert [(refusal.line, refusal.column) for refusal in answer.refused] == [(2, "amount")]


def test_refuses_the_purchases_of_strangers(transaction: Transaction) -> None:
    load(transaction, "customers", "customer_id\nC1\n")
    answer = load(transaction, "purchases", "customer_id,purchased_on,amount\nC1,2025-01-01,1\nC9,2025-01-01,1\n")
    assert counts(answer) == (1, 0, 0, 1)
    assert answer.refused[0].line == 3


def test_columns_that_are_not_understood_are_named(transaction: Transaction) -> None:
    answer = load(transaction, "customers", "customer_id,shoe_size\nC1,44\n")
    assert "shoe_size" in answer.because


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("customer_id,marketing_consent\nC1,yes\n", (False, date(2025, 11, 2), "api")),
        ("customer_id,marketing_consent,consented_on\nC1,yes,2025-11-02\n", (False, date(2025, 11, 2), "api")),
        ("customer_id,marketing_consent,consented_on\nC1,yes,2025-11-03\n", (True, date(2025, 11, 3), None)),
        ("customer_id,marketing_consent\nC1,no\n", (False, date(2025, 11, 2), "api")),
        ("customer_id,marketing_consent\nC1,\n", (False, date(2025, 11, 2), "api")),
        ("customer_id,name\nC1,Asha\n", (False, date(2025, 11, 2), "api")),
    ],
)
def test_an_opt_out_is_lifted_only_by_a_yes_of_a_later_day(
    transaction: Transaction, text: str, stands: tuple[object, ...]
) -> None:
    load(transaction, "customers", "customer_id,marketing_consent\nC1,yes\n")
    transaction.run(
        """update customers set marketing_consent = false, consented_on = date '2025-11-02', consent_source = 'api'
           where customer_id = 'C1'"""
    )
    load(transaction, "customers", text)
    assert consent(transaction) == stands


def test_an_opt_out_takes_the_date_and_source_of_the_yes_with_it(transaction: Transaction) -> None:
    load(
        transaction,
        "customers",
        "customer_id,marketing_consent,consented_on,consent_source\nC1,yes,2024-01-01,web\n",
    )
    load(transaction, "customers", "customer_id,marketing_consent\nC1,no\n")
    assert consent(transaction) == (False, None, None)


def test_how_somebody_wishes_to_be_reached_is_one_of_two_words(transaction: Transaction) -> None:
    answer = load(transaction, "customers", "customer_id,preferred_channel\nC1,SMS\nC2,email\nC3,fax\n")
    rows = transaction.rows("select customer_id, preferred_channel from customers order by 1")
    assert [tuple(row.values()) for row in rows] == [("C1", "sms"), ("C2", "email")]
    assert "is none of email, sms" in str(answer)


def consent(transaction: Transaction) -> tuple[object, ...]:
    row = transaction.row("select marketing_consent, consented_on, consent_source from customers")
    assert row is not None
    return tuple(row.values())


def test_notes_whose_facts_changed_and_forgets_it_after_two_days(transaction: Transaction) -> None:
    transaction.run("delete from customers_changes")  # other tests commit some
    load(transaction, "customers", "customer_id,name\nC1,a\nC2,b\n")
    load(transaction, "customers", "customer_id,name\nC1,a\nC2,c\n")
    load(transaction, "purchases", "customer_id,purchased_on,amount\nC1,2025-01-01,5\nC1,2025-01-02,5\n")
    noted = """select customer_id, count(*) as times from customers_changes where customer_id in ('C1', 'C2')
               group by customer_id order by customer_id"""
    assert transaction.rows(noted) == [{"customer_id": "C1", "times": 2}, {"customer_id": "C2", "times": 2}]
    transaction.run("update customers_changes set changed_at = now() - interval '49 hours'")
    load(transaction, "customers", "customer_id,name\nC1,z\n")
    assert transaction.rows(noted) == [{"customer_id": "C1", "times": 1}]
