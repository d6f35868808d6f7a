"""The same path on real rows: 69,659 purchases of 23,544 customers of an online shop, import to interventions."""

import csv
from pathlib import Path

import pytest

from beforehand.churn.documents import ScanResult
from beforehand.events.customers import ImportFinished
from tests.installation import Installation

CUSTOMERS, PURCHASES = 23_544, 69_659


@pytest.fixture(scope="module")
def files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The purchase history as the two files that any company would upload."""
    folder = tmp_path_factory.mktemp("purchases")
    with (shared_data / "purchases" / "CDNOW_master.txt").open(encoding="ascii") as lines:
        purchases = [line.split() for line in lines]
    customers = [[row, f"{row}@customers.example"] for row in sorted({purchase[0] for purchase in purchases})]
    written = {"customers": folder / "customers.csv", "purchases": folder / "purchases.csv"}
    for kind, header, rows in (
        ("customers", ("customer_id", "email"), customers),
        ("purchases", ("customer_id", "purchased_on", "quantity", "amount"), purchases),
    ):
        with written[kind].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    return written


def test_real_purchases_become_interventions(installation: Installation, files: dict[str, Path]) -> None:
    for kind, rows in (("customers", CUSTOMERS), ("purchases", PURCHASES)):
        done = installation.command("import", kind, str(files[kind]), "--json")
        answer = ImportFinished.model_validate_json(done.stdout)
        assert (answer.added, answer.refused_rows) == (rows, 0)
    done = installation.command("scan", "--as-of", "2022-07-01", "--json")
    assert done.returncode == 0, done.stderr
    result = ScanResult.model_validate_json(done.stdout)
    assert result.proposed == 10
    # No purchase in the last six months is what the publishers call lost: 77 % of these customers.
    assert 0.75 < result.at_risk / CUSTOMERS < 0.95
    assert all("Haven't purchased" in one.issue for one in result.customers)
    lapsed = installation.rows(
        """select count(*) filter (where s.risk >= 0.6), count(*) from churn_scores s
           where s.health is not null and not exists (
               select from customers_purchases p
               where p.customer_id = s.customer_id and p.purchased_on >= date '2022-01-01')
           and length(s.customer_id) = 5"""
    )
    assert lapsed[0][0] == lapsed[0][1], "everyone who is lost counts as at risk"
