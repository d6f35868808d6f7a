"""Customers one by one and page by page, and what a person changes of them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from beforehand.adapters.postgres import Row, Transaction

SHOWN = """customer_id, name, email, phone, language, zone, country, segment, loyalty_tier, lifetime_value,
           marketing_consent, consented_on, consent_source, preferred_channel, signed_up_on, last_active_on,
           updated_at"""
FILTERS = ("segment", "loyalty_tier", "language", "country")


class PostgresProfiles:
    """Customers, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(
        self, filters: Mapping[str, str | None], *, prefix: str | None, after: str | None, limit: int
    ) -> list[Row]:
        """Customers by id, those after one; `filters` is by column."""
        wanted = {name: filters.get(name) for name in FILTERS}
        same = " and ".join(f"(cast(:{name} as text) is null or {name} = :{name})" for name in FILTERS)
        return self._transaction.rows(
            f"""select {SHOWN} from customers
                where (cast(:after as text) is null or customer_id > :after)
                  and (cast(:prefix as text) is null or starts_with(customer_id, :prefix)) and {same}
                order by customer_id limit :limit""",
            after=after, prefix=prefix, limit=limit, **wanted,
        )  # fmt: skip

    def find(self, customer_id: str) -> Row | None:
        """One customer."""
        return self._transaction.row(f"select {SHOWN} from customers where customer_id = :id", id=customer_id)

    def hold(self, customer_id: str) -> Row | None:
        """One customer, whom nobody else can change before this transaction ends."""
        return self._transaction.row(
            f"select {SHOWN} from customers where customer_id = :id for update", id=customer_id
        )

    def change(self, customer_id: str, values: Mapping[str, Any], *, now: datetime) -> None:
        """Writes these columns, whose names are our own."""
        columns = ", ".join(f"{name} = :{name}" for name in values)
        self._transaction.run(
            f"update customers set {columns}, updated_at = :now where customer_id = :customer_id",
            now=now, customer_id=customer_id, **values,
        )  # fmt: skip

    def purchases(self, customer_id: str, *, after: tuple[date, str] | None, limit: int) -> list[Row]:
        """What one customer bought, newest first, those before one."""
        day, purchase_id = after or (None, None)
        return self._transaction.rows(
            """select purchase_id, purchased_on, quantity, amount from customers_purchases
               where customer_id = :id
                 and (cast(:day as date) is null
                      or (purchased_on, purchase_id) < (cast(:day as date), cast(:purchase_id as text)))
               order by purchased_on desc, purchase_id desc limit :limit""",
            id=customer_id, day=day, purchase_id=purchase_id, limit=limit,
        )  # fmt: skip
