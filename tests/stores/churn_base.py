"""Puts a base of customers and purchases into the database, made up or real."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from beforehand.adapters.postgres import Transaction
from beforehand.churn.model import Purchase, Record

CONTACT = {
    "name": None,
    "email": "someone@customers.example",
    "phone": None,
    "language": None,
    "marketing_consent": None,
}


def keep(
    transaction: Transaction,
    records: Iterable[Record],
    purchases: Mapping[str, Sequence[Purchase]],
    contacts: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Adds customers and their purchases; `contacts` has what is not a signal: name, e-mail, consent …"""
    people = [{**asdict(record), **CONTACT, **(contacts or {}).get(record.customer_id, {})} for record in records]
    bought = [
        {
            "customer_id": customer_id,
            "purchase_id": f"P{number}",
            "purchased_on": p.purchased_on,
            "amount": p.amount,
        }
        for customer_id, theirs in purchases.items()
        for number, p in enumerate(theirs)
    ]
    names = ", ".join(people[0])
    transaction.run(
        f"""insert into customers ({names}, updated_at)
            select {names}, now() from jsonb_populate_recordset(cast(null as customers), cast(:rows as jsonb))""",
        rows=json.dumps(people, default=str),
    )
    transaction.run(
        """insert into customers_purchases (customer_id, purchase_id, purchased_on, amount)
           select customer_id, purchase_id, purchased_on, amount
           from jsonb_populate_recordset(cast(null as customers_purchases), cast(:rows as jsonb))""",
        rows=json.dumps(bought, default=str),
    )


def read_cdnow(path: Path) -> dict[str, list[Purchase]]:
    found: dict[str, list[Purchase]] = defaultdict(list)
    for line in path.read_text().splitlines():
        customer_id, day, _, amount = line.split()
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        found[customer_id].append(Purchase(purchased_on=on, amount=Decimal(amount)))
    return found
