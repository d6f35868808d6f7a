"""Real files as their publishers wrote them, through the public path: command, S3, EventBridge, function, scan."""

import csv
from pathlib import Path

import pytest

from beforehand.churn.documents import ScanResult
from beforehand.events.customers import ImportFinished
from tests.installation import ROOT, Installation

CUSTOMERS, PURCHASES, SUBSCRIBERS = 23_544, 69_659, 7_043
MAPPINGS = ROOT / "docs" / "mappings"


def load(installation: Installation, kind: str, file: Path, mapping: str = "") -> ImportFinished:
    options = ["--mapping", str(MAPPINGS / mapping)] if mapping else []
    done = installation.command("import", kind, str(file), *options, "--json", seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return ImportFinished.model_validate_json(done.stdout)


def scan(installation: Installation, as_of: str) -> ScanResult:
    done = installation.command("scan", "--as-of", as_of, "--json")
    assert done.returncode == 0, done.stderr
    return ScanResult.model_validate_json(done.stdout)


@pytest.fixture(scope="module")
def shop(installation: Installation, shared_data: Path) -> Installation:
    """The purchases of an online shop, and those who made them, from one file without a header."""
    file = shared_data / "purchases" / "CDNOW_master.txt"
    people = load(installation, "customers", file, "cdnow-customers.toml")
    assert (people.rows, people.added, people.refused_rows) == (PURCHASES, CUSTOMERS, 0)
    bought = load(installation, "purchases", file, "cdnow-purchases.toml")
    assert (bought.rows, bought.added, bought.refused_rows) == (PURCHASES, PURCHASES, 0)
    return installation


def test_whom_nobody_can_reach_is_scored_and_not_proposed(shop: Installation) -> None:
    result = scan(shop, "2022-07-01")
    # No purchase in the last six months is what the publishers call lost: 77 % of these customers.
    assert 0.75 < result.at_risk / CUSTOMERS < 0.95
    assert (result.proposed, result.left_alone.unreachable) == (0, result.at_risk)
    lapsed = shop.rows(
        """select count(*) filter (where s.risk >= 0.6), count(*) from churn_scores s
           where s.health is not null and not exists (
               select from customers_purchases p
               where p.customer_id = s.customer_id and p.purchased_on >= date '2022-01-01')
           and length(s.customer_id) = 5"""
    )
    assert lapsed[0][0] == lapsed[0][1] > 0, "everyone who is lost counts as at risk"


def test_with_addresses_from_another_file_real_purchases_become_interventions(
    shop: Installation, tmp_path: Path
) -> None:
    addresses = tmp_path / "addresses.csv"
    known = [row[0] for row in shop.rows("select customer_id from customers where length(customer_id) = 5")]
    with addresses.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter=";").writerows(
            [("Customer ID", "E-Mail"), *((one, f"{one}@customers.example") for one in known)]
        )
    answer = load(shop, "customers", addresses)
    assert (answer.added, answer.changed, answer.refused_rows) == (0, CUSTOMERS, 0)
    result = scan(shop, "2022-07-02")
    assert result.proposed == 10
    assert all("Haven't purchased" in one.issue for one in result.customers)


def test_a_telephone_company_is_scanned_and_says_how_much_is_known(
    installation: Installation, shared_data: Path
) -> None:
    answer = load(installation, "customers", shared_data / "churn" / "telco_churn.csv", "telco-customers.toml")
    assert (answer.rows, answer.added, answer.refused_rows) == (SUBSCRIBERS, SUBSCRIBERS, 0)
    assert "signed_up_on from tenure" in answer.because
    result = scan(installation, "2025-10-01")
    # Tenure, lifetime value and loyalty are known. What is known of less than a half has no score.
    assert result.insufficient >= SUBSCRIBERS
    kept = installation.rows(
        """select count(*), min(signed_up_on), max(signed_up_on), count(distinct loyalty_tier), sum(lifetime_value)
           from customers where customer_id like '____-_____'"""
    )
    assert [str(figure) for figure in kept[0]] == [str(SUBSCRIBERS), "2019-10-01", "2025-10-01", "3", "16056168.70"]
