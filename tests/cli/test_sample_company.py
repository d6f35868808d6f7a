"""The sample company is the same every time, in many places, and its rows are good import rows."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from beforehand.customers.mapping import AS_IT_IS
from beforehand.customers.plan import plan
from beforehand.customers.preview import preview
from beforehand.customers.rows import Rows
from beforehand_cli.sample import company, other_system
from tests.customers.files import sheet

TODAY = date(2026, 1, 15)


def test_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    one = company.write(tmp_path / "one", today=TODAY, customers=50)
    two = company.write(tmp_path / "two", today=TODAY, customers=50)
    assert one.customers.read_bytes() == two.customers.read_bytes()
    assert one.purchases.read_bytes() == two.purchases.read_bytes()


@pytest.mark.parametrize("kind", ["customers", "purchases"])
def test_every_row_is_a_good_import_row(tmp_path: Path, kind: str) -> None:
    written = company.write(tmp_path, today=TODAY)
    opened = sheet(getattr(written, kind).read_bytes(), kind)
    rows = Rows(sheet=opened, plan=plan(opened.header, kind, AS_IT_IS, latest=TODAY))
    assert len(list(rows)) == getattr(written, f"{kind.removesuffix('s')}_rows")
    assert rows.refusals.shown == []
    assert rows.plan.ignored == ()


def test_at_every_hour_someone_is_awake_and_nothing_lies_in_the_future(tmp_path: Path) -> None:
    written = company.write(tmp_path, today=TODAY)
    with written.customers.open(encoding="utf-8", newline="") as lines:
        customers = list(csv.DictReader(lines))
    assert len({row["zone"] for row in customers}) >= 10
    assert {"hi", "ta", "ja", "ar", "de"} <= {row["language"] for row in customers}
    assert max(row["last_active_on"] for row in customers) <= TODAY.isoformat()


def test_the_file_of_another_system_has_rows_that_are_refused_each_for_its_reason(tmp_path: Path) -> None:
    path = other_system.write(tmp_path, today=TODAY)
    with path.open("rb") as stream:
        looked = preview(path.name, "customers", stream, AS_IT_IS, now=datetime(2026, 1, 15, 12, tzinfo=UTC))
    assert [(refusal.line, refusal.column) for refusal in looked.refused] == [
        (3, "language"), (4, "zone"), (5, "phone"), (7, "signed_up_on"), (9, "signed_up_on"),
    ]  # fmt: skip
    assert (len(looked.taken), looked.ignored, looked.problem) == (10, (), "")
