"""Excel files: the values that the spreadsheet saved, and every way in which one can harm or be broken."""

import datetime
import io
import random
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from beforehand.customers import excel_guard, excel_sheet
from beforehand.customers.mapping import ImportMapping
from beforehand.customers.plan import plan
from beforehand.customers.rows import Rows
from beforehand.customers.sheet import UnreadableFileError
from tests.customers.files import excel, sheet

TODAY = datetime.date(2026, 1, 15)
HEADER = ("customer_id", "signed_up_on", "lifetime_value", "marketing_consent")


def read(content: bytes, **facts: object) -> Rows:
    mapping = ImportMapping.model_validate({"file": facts})
    opened = sheet(content, "customers", mapping)
    return Rows(sheet=opened, plan=plan(opened.header, "customers", mapping, latest=TODAY))


def changed(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The file with one part rewritten."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == part else text)
    return written.getvalue()


def test_reads_numbers_dates_and_yes_or_no_as_a_csv_file_would_have_them() -> None:
    rows = read(excel([
        HEADER,
        ("C1", datetime.date(2024, 2, 29), 1234.5, True),
        (100002, datetime.datetime.fromisoformat("2025-01-01T09:30"), 0.1 + 0.2, False),
        ("C3", "2025-01-01", 7, "no"),
        ("C4", None, None, None),
    ]))  # fmt: skip
    assert [row for _, row in rows] == [
        ["C1", "1234.5", "2024-02-29", "true"],
        ["100002", "0.3", "2025-01-01", "false"],
        ["C3", "7", "2025-01-01", "false"],
        ["C4", "", "", ""],
    ]


def test_a_refusal_names_the_row_of_the_sheet_wherever_the_table_stands() -> None:
    workbook = openpyxl.Workbook()
    for place, value in {"C4": "customer_id", "D4": "nps", "C5": "C1", "D5": 9, "C9": "C2", "D9": 11}.items():
        workbook.active[place] = value
    written = io.BytesIO()
    workbook.save(written)
    rows = read(written.getvalue())
    assert list(rows) == [(5, ["C1", "9"])]
    assert [(r.line, r.column) for r in rows.refusals.shown] == [(9, "nps")]


def test_takes_the_sheet_that_is_named_and_says_which_it_took_itself() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["customer_id"])
    workbook.create_sheet("Old").append(["customer_id", "nps"])
    workbook.create_sheet("Hidden", 0).sheet_state = "hidden"
    written = io.BytesIO()
    workbook.save(written)
    assert read(written.getvalue(), sheet="Old").plan.columns == ("customer_id", "nps")
    assert read(written.getvalue()).sheet.about == ("of its sheets, Sheet was read",)
    with pytest.raises(UnreadableFileError, match="no sheet New; it has Hidden, Sheet, Old"):
        read(written.getvalue(), sheet="New")


def test_a_formula_counts_by_the_value_that_was_saved_with_it() -> None:
    content = excel([("customer_id", "nps"), ("C1", "=4+5"), ("C2", 3), ("C3", "=NA()"), ("C4", 5)])
    part = "xl/worksheets/sheet1.xml"
    saved = changed(content, part, lambda xml: xml.replace("<f>4+5</f><v />", "<f>4+5</f><v>9</v>").replace(
        '<c r="B4"><f>NA()</f><v /></c>', '<c r="B4" t="e"><f>NA()</f><v>#N/A</v></c>'))  # fmt: skip
    assert saved != content
    rows = read(saved)
    assert list(rows) == [(2, ["C1", "9"]), (3, ["C2", "3"]), (5, ["C4", "5"])]
    assert [(r.line, r.column, r.because[:20]) for r in rows.refusals.shown] == [(4, "nps", "holds an error of th")]


def test_a_formula_that_was_never_computed_is_refused_with_its_remedy() -> None:
    content = excel([("customer_id", "nps"), ("C1", "=4+5"), ("C2", 3)])
    bare = changed(content, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("<v />", ""))
    rows = read(bare)
    assert list(rows) == [(3, ["C2", "3"])]
    assert [(r.line, r.column, "save it" in r.because) for r in rows.refusals.shown] == [(2, "nps", True)]


def bomb(*, claimed: int | None = None) -> bytes:
    """A small file whose sheet is 200 MB of zeros when unpacked, and may claim to be less."""
    content = changed(
        excel([("customer_id",), ("C1",)]), "xl/worksheets/sheet1.xml", lambda xml: xml + " " * 200_000_000
    )
    if claimed is not None:
        true = zipfile.ZipFile(io.BytesIO(content)).getinfo("xl/worksheets/sheet1.xml").file_size
        content = content.replace(true.to_bytes(4, "little"), claimed.to_bytes(4, "little"))
    return content


@pytest.mark.parametrize("claimed", [None, 1_000])
def test_a_zip_bomb_is_refused_by_what_it_says_and_by_what_it_is(claimed: int | None) -> None:
    content = bomb(claimed=claimed)
    assert len(content) < 1_000_000
    with pytest.raises(UnreadableFileError, match="more than 100 MB when it is unpacked; save the sheet as CSV"):
        read(content)


def test_a_file_that_is_too_large_is_not_even_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_sheet, "LARGEST_FILE", 1_000)
    with pytest.raises(UnreadableFileError, match="larger than 0 MB; save the sheet as CSV"):
        read(excel([HEADER]))


def test_a_sheet_of_two_cells_that_stand_far_apart_is_refused_before_it_is_spread_out() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"], workbook.active["XFD1048576"] = "customer_id", "far"
    written = io.BytesIO()
    workbook.save(written)
    with pytest.raises(UnreadableFileError, match=f"more than {excel_guard.LARGEST_SHEET:,} cells"):
        read(written.getvalue())


def test_entities_of_xml_are_refused() -> None:
    content = excel([HEADER, ("C1",)])
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(UnreadableFileError, match="declares XML entities"):
        read(
            changed(
                content, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("<worksheet", laughs + "<worksheet", 1)
            )
        )


def test_the_old_kind_and_one_with_a_password_are_refused_with_the_remedy() -> None:
    with pytest.raises(UnreadableFileError, match=r"save it as \.xlsx without one"):
        read(excel_sheet_of_old())


def excel_sheet_of_old() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000)


def test_a_zip_that_is_no_workbook_is_damaged() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("notes.txt", "nothing")
    with pytest.raises(UnreadableFileError, match="damaged or was cut"):
        read(written.getvalue())


def test_an_empty_sheet_says_so() -> None:
    with pytest.raises(UnreadableFileError, match="the sheet Sheet is empty"):
        read(excel([]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_is_refused_whole(share: float) -> None:
    content = excel([HEADER, *((f"C{n}",) for n in range(1_000))])
    with pytest.raises(UnreadableFileError, match="damaged or was cut"):
        read(content[: int(len(content) * share)])


def test_whatever_is_damaged_is_read_or_refused_and_never_fails() -> None:
    content = excel([HEADER, *((f"C{n}", datetime.date(2025, 1, 1), n, "yes") for n in range(200))])
    chance = random.Random(20261125)
    ends = {"read": 0, "refused": 0}
    for _ in range(300):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        try:
            list(read(bytes(broken)))
            ends["read"] += 1
        except UnreadableFileError:
            ends["refused"] += 1
    assert ends["refused"] > 100


def test_counts_what_is_unpacked_up_to_the_end() -> None:
    content = excel([HEADER])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        expected = sum(len(archive.read(name)) for name in archive.namelist())
    assert excel_guard.unpacked_size(io.BytesIO(content)) == expected
