"""Writes the sample company as two import files. The same seed and day give the same company, byte for byte."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from beforehand_cli.sample.places import PLACES, Place
from beforehand_cli.sample.stories import STORIES, Story

SEED = 20261120
CUSTOMERS = 1_200
FIRST_ID = 100_001
LOWER = {"Platinum": "Gold", "Gold": "Silver", "Silver": "Bronze", "Bronze": "Bronze"}
AGES = ((1_500, 180), (180, 90), (90, 60), (60, 0))

CUSTOMER_COLUMNS = (
    "customer_id", "name", "email", "phone", "language", "zone", "country", "segment", "loyalty_tier",
    "previous_loyalty_tier", "loyalty_tier_changed_on", "signed_up_on", "last_active_on", "marketing_consent",
    "csat_180d", "tickets_overdue", "nps", "nps_answered_on", "engagement_30d", "engagement_90d",
)  # fmt: skip
PURCHASE_COLUMNS = ("customer_id", "purchase_id", "purchased_on", "quantity", "amount")

Cells = dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """The two files of a written company, and how many rows each has."""

    customers: Path
    purchases: Path
    customer_rows: int
    purchase_rows: int


def write(folder: Path, *, today: date, customers: int = CUSTOMERS, seed: int = SEED) -> Company:
    """Writes customers.csv and purchases.csv into the folder; `today` is the day on which the stories stand."""
    folder.mkdir(parents=True, exist_ok=True)
    people = [_person(Random(f"{seed}/{n}"), FIRST_ID + n, today) for n in range(customers)]  # noqa: S311
    files = Company(
        customers=folder / "customers.csv",
        purchases=folder / "purchases.csv",
        customer_rows=len(people),
        purchase_rows=sum(len(bought) for _, bought in people),
    )
    _write(files.customers, CUSTOMER_COLUMNS, (customer for customer, _ in people))
    _write(files.purchases, PURCHASE_COLUMNS, (purchase for _, bought in people for purchase in bought))
    return files


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Cells]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _person(chance: Random, number: int, today: date) -> tuple[Cells, list[Cells]]:
    place = chance.choices(PLACES, [place.share for place in PLACES])[0]
    story = chance.choices(STORIES, [story.share for story in STORIES])[0]
    customer_id = f"C{number}"
    signed_up_on = today - timedelta(days=round(365 * chance.uniform(*story.years)))
    bought = list(_purchases(chance, customer_id, story, signed_up_on, today))
    usual = chance.randint(6, 60)
    last_order = bought[-1]["purchased_on"] if bought else signed_up_on
    asked = today - timedelta(days=chance.randint(5, 150))
    customer: Cells = {
        "customer_id": customer_id,
        **_contact(chance, number, place),
        "segment": chance.choice(story.segments),
        **_tier(chance, story, today),
        "signed_up_on": signed_up_on,
        "last_active_on": last_order,
        "marketing_consent": "no" if chance.random() < 0.06 else "yes",
        "csat_180d": round(chance.uniform(*story.csat), 2) if story.csat else "",
        "tickets_overdue": chance.randint(*story.overdue),
        "nps": chance.randint(*story.nps),
        "nps_answered_on": asked,
        "engagement_30d": round(usual * chance.uniform(*story.engagement)),
        "engagement_90d": usual * 3,
    }
    return customer, bought


def _contact(chance: Random, number: int, place: Place) -> Cells:
    given, family = chance.choice(place.given), chance.choice(place.family)
    return {
        "name": f"{family} {given}" if place.family_first else f"{given} {family}",
        "email": f"c{number}@customers.example" if chance.random() < 0.9 else "",
        "phone": _phone(place, number),
        "language": chance.choice(place.languages),
        "zone": chance.choice(place.zones),
        "country": place.country,
    }


def _phone(place: Place, number: int) -> str:
    digits = place.phones.count("#")
    return f"{place.phones.rstrip('#')}{number % 10**digits:0{digits}d}"


def _tier(chance: Random, story: Story, today: date) -> Cells:
    tier = chance.choice(story.tiers)
    if not story.falls or chance.random() < 0.5:
        return {"loyalty_tier": tier}
    changed = today - timedelta(days=chance.randint(10, 80))
    return {
        "loyalty_tier": LOWER[tier],
        "previous_loyalty_tier": tier,
        "loyalty_tier_changed_on": changed,
    }


def _purchases(chance: Random, customer_id: str, story: Story, signed_up_on: date, today: date) -> Iterator[Cells]:
    serial = 0
    for (oldest, newest), monthly in zip(AGES, story.orders, strict=True):
        start = max(signed_up_on, today - timedelta(days=oldest))
        end = today - timedelta(days=newest)
        if monthly == 0 or start >= end:
            continue
        day = start + timedelta(days=round(chance.expovariate(monthly / 30)))
        while day < end:
            serial += 1
            yield {
                "customer_id": customer_id,
                "purchase_id": f"{customer_id}-{serial}",
                "purchased_on": day,
                "quantity": chance.choices((1, 2, 3), (70, 22, 8))[0],
                "amount": f"{chance.uniform(*story.basket):.2f}",
            }
            day += timedelta(days=max(1, round(chance.expovariate(monthly / 30))))
