"""What a person sees of a file before it is imported, and the mapping they are given to edit."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beforehand.customers.mapping import read_mapping
from beforehand_cli import main
from tests.customers.files import excel

TEXT = (
    "Customer ID;E-mail;Joined on;LTV;Shoe size\n"
    "C1;asha@example.com;31.01.2025;1.234,50;44\n"
    "C2;ben@example;01.02.2025;10,00;42\n"
    "C2;b@example.com;13.02.2025;10,00;41\n"
    "C2;c@example.com;14.02.2025;10,00;41\n"
)


def run(*arguments: str) -> tuple[int, str]:
    said = CliRunner().invoke(main.app, ["import", "preview", *arguments])
    return said.exit_code, said.output


def test_shows_columns_first_rows_and_refusals(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("customer_id,mobile,shoe_size\nC1,+919876543210,44\nC2,12,42\nC1,,41\n", encoding="utf-8")
    status, said = run("customers", str(file))
    assert status == 3
    for part in (
        "people.csv: 3 columns, 2 taken",
        "phone                     from mobile",
        "left out of account: shoe_size",
        "C1           +919876543210",
        "Of all 3 rows, 2 would be refused",
        "line 3, phone",
        "line 4, customer_id stands on line 2",
    ):
        assert part in said


def test_looks_at_no_more_rows_than_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("customer_id,nps\nC1,7\nC2,8\nC3,99\n", encoding="utf-8")
    status, said = run("customers", str(file), "--rows", "2", "--json")
    seen = json.loads(said)
    assert (status, seen["looked_at"], seen["whole"], seen["refused_rows"]) == (0, 2, False, 0)
    assert seen["rows"] == [{"customer_id": "C1", "nps": "7"}, {"customer_id": "C2", "nps": "8"}]


def test_suggests_a_mapping_that_reads_the_file(tmp_path: Path) -> None:
    file, mapping = tmp_path / "kunden.csv", tmp_path / "m.toml"
    file.write_text(TEXT, encoding="utf-8")
    status, said = run("customers", str(file), "--write-mapping", str(mapping))
    assert status == 3
    assert "cells are separated by semicolon" in said
    written = mapping.read_text(encoding="utf-8")
    assert 'decimal = "comma"' in written
    assert 'signed_up_on = { from = "Joined on", date = "%d.%m.%Y" }' in written
    assert '# not taken: "Shoe size"' in written
    status, said = run("customers", str(file), "--mapping", str(mapping), "--json")
    seen = json.loads(said)
    assert seen["rows"][0] == {
        "customer_id": "C1", "email": "asha@example.com", "lifetime_value": "1234.50", "signed_up_on": "2025-01-31",
    }  # fmt: skip
    assert [(r["line"], r["column"]) for r in seen["refused"]] == [(3, "email"), (5, "customer_id")]
    assert run("customers", str(file), "--write-mapping", str(mapping))[0] == 2
    assert read_mapping(mapping.read_bytes(), name="m.toml").columns.keys() == seen["rows"][0].keys()


def test_dates_that_could_be_read_in_two_ways_are_left_to_the_person(tmp_path: Path) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "m.toml"
    file.write_text("customer_id,date,amount\nC1,01/02/2025,5\n", encoding="utf-8")
    run("purchases", str(file), "--write-mapping", str(mapping))
    assert 'purchased_on = "date"' in mapping.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_read_says_why_and_still_gives_a_mapping(tmp_path: Path) -> None:
    file, mapping = tmp_path / "people.csv", tmp_path / "m.toml"
    file.write_text("Kunde,Note\n1,7\n", encoding="utf-8")
    status, said = run("customers", str(file), "--write-mapping", str(mapping))
    assert status == 1
    assert "the header lacks customer_id; it has Kunde, Note" in said
    assert '# customer_id = "?"' in mapping.read_text(encoding="utf-8")


def test_reads_excel_with_the_same_words(tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(excel([("Customer ID", "nps"), ("C1", 9), ("C2", 11)]))
    status, said = run("customers", str(file))
    assert status == 3
    assert "line 3, nps is not a whole number from 0 to 10" in said


def test_a_wrong_mapping_is_refused_by_its_field(tmp_path: Path) -> None:
    file, mapping = tmp_path / "people.csv", tmp_path / "m.toml"
    file.write_text("customer_id\nC1\n", encoding="utf-8")
    mapping.write_text("[file]\ncolour = 1\n", encoding="utf-8")
    status, said = run("customers", str(file), "--mapping", str(mapping))
    assert status == 2
    assert "file.colour" in said


@pytest.mark.parametrize("name", ["cdnow-customers", "cdnow-purchases", "telco-customers"])
def test_the_shipped_mappings_take_the_real_files_whole(shared_data: Path, name: str) -> None:
    file = shared_data / ("churn/telco_churn.csv" if "telco" in name else "purchases/CDNOW_master.txt")
    mapping = Path(__file__).parents[2] / "docs" / "mappings" / f"{name}.toml"
    status, said = run(name.rpartition("-")[2], str(file), "--mapping", str(mapping), "--rows", "100000", "--json")
    seen = json.loads(said)
    assert (status, seen["whole"], seen["refused_rows"]) == (0, True, 0)
