"""Customers and purchases in PostgreSQL: a file is copied beside the tables, then merged as one set."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from beforehand.adapters.postgres import Transaction
from beforehand.customers.columns import COLUMNS, Kind
from beforehand.customers.model import Merged, Taken

PIECE = 1 << 16
CONSENT = ("marketing_consent", "consented_on", "consent_source")

# Whoever opted out stays so until they say yes on a later day: an older file, or one that does not say when, is no
# new word of theirs.
STAYS_OUT = """(customers.marketing_consent is false and excluded.marketing_consent
    and not coalesce(excluded.consented_on > coalesce(customers.consented_on, date '-infinity'), false))"""


# Whoever reads the notes of changes starts each day from everyone, so older ones are of little use; that they are
# gone is noted.
FORGET = """
with forgotten as (
    delete from customers_changes where changed_at < now() - interval '2 days' returning changed_in
)
insert into customers_changes_forgotten (up_to)
select changed_in from forgotten order by changed_in desc limit 1
on conflict (only_row) do update set up_to = greatest(customers_changes_forgotten.up_to, excluded.up_to)"""


class PostgresImport:
    """One file on its way into the tables, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def stage(self, kind: Kind, columns: tuple[str, ...], rows: Iterable[tuple[int, list[str]]]) -> None:
        """Copies rows beside the tables; nothing is visible to anyone yet."""
        typed = ", ".join(f"{name} {COLUMNS[kind][name].type}" for name in columns)
        self._transaction.run(f"create temporary table incoming (line bigint, {typed}) on commit drop")
        names = ", ".join(("line", *columns))
        self._transaction.copy_in(f"copy incoming ({names}) from stdin (format csv)", _pieces(rows))

    def doubled(self, key: tuple[str, ...], *, shown: int) -> Taken:
        """Takes out rows whose key stands on an earlier line too, and tells that line.

        A row that lacks a part of the key is like no other.
        """
        known = " and ".join(f"{name} is not null" for name in key)
        return self._take_out(
            f"""delete from incoming using (
                    select line, min(line) over (partition by {", ".join(key)}) as earlier from incoming
                    where {known}) doubles
                where incoming.line = doubles.line and doubles.line > doubles.earlier
                returning doubles.line, doubles.earlier""",
            shown,
        )

    def strangers(self, *, shown: int) -> Taken:
        """Takes out purchases of customers that nobody has imported."""
        return self._take_out(
            """delete from incoming where not exists (
                   select from customers where customers.customer_id = incoming.customer_id)
               returning line, line as earlier""",
            shown,
        )

    def _take_out(self, statement: str, shown: int) -> Taken:
        """Counts what a statement took out, and keeps the first of them."""
        found = self._transaction.rows(
            f"""with taken as ({statement}), numbered as (select *, count(*) over () as taken_rows from taken)
                select line, earlier, taken_rows from numbered order by line limit cast(:rows as integer)""",
            rows=max(shown, 1),
        )
        lines = tuple((row["line"], row["earlier"]) for row in found[:shown])
        return Taken(count=found[0]["taken_rows"] if found else 0, shown=lines)

    # Rows go in by key: two files that hold the same customers wait for each other and never for ever.

    def merge_customers(self, columns: tuple[str, ...], *, now: datetime) -> Merged:
        """Adds and changes customers. An empty cell says nothing: what was known stays."""
        facts = [name for name in columns if name != "customer_id"]
        if "marketing_consent" in facts:
            # Its date and its source are those of the word that counts, or unknown.
            facts = [*facts, *(name for name in CONSENT if name not in facts)]
        values = {name: _newer(name, consent="marketing_consent" in facts) for name in facts}
        sets = ", ".join(f"{name} = {value}" for name, value in values.items())
        differs = " or ".join(f"{value} is distinct from customers.{name}" for name, value in values.items())
        action = (
            f"do update set {sets}, updated_at = excluded.updated_at where {differs}" if facts else "do nothing"
        )
        names = ", ".join(columns)
        return self._merge(
            f"""insert into customers ({names}, updated_at)
                select {names}, cast(:now as timestamptz) from incoming order by customer_id collate "C"
                on conflict (customer_id) {action}""",
            now=now,
        )

    def merge_purchases(self, columns: tuple[str, ...]) -> Merged:
        """Adds purchases. One without an id is known by its content and its place among its equals."""
        given = "purchase_id" if "purchase_id" in columns else "null"
        quantity = "coalesce(quantity, 1)" if "quantity" in columns else "1"
        return self._merge(
            f"""insert into customers_purchases (customer_id, purchase_id, purchased_on, quantity, amount)
                select customer_id,
                       coalesce({given}, 'made-' || md5(concat_ws('|', purchased_on, {quantity}, amount,
                           row_number() over (partition by customer_id, purchased_on, {quantity}, amount
                                              order by line)))),
                       purchased_on, {quantity}, amount
                from incoming
                order by customer_id collate "C", 2
                on conflict (customer_id, purchase_id) do update
                set purchased_on = excluded.purchased_on, quantity = excluded.quantity, amount = excluded.amount
                where (customers_purchases.purchased_on, customers_purchases.quantity, customers_purchases.amount)
                      is distinct from (excluded.purchased_on, excluded.quantity, excluded.amount)"""
        )

    def _merge(self, statement: str, **parameters: datetime) -> Merged:
        """Runs an upsert and counts: a row that was inserted has no earlier version (xmax is 0)."""
        found = self._transaction.row(
            f"""with merged as ({statement} returning xmax = 0 as added)
                select count(*) filter (where added) as added, count(*) filter (where not added) as changed,
                       (select count(*) from incoming) as incoming
                from merged""",
            **parameters,
        )
        counts = found or {"added": 0, "changed": 0, "incoming": 0}
        touched = counts["added"] + counts["changed"]
        self._transaction.run(FORGET)
        return Merged(added=counts["added"], changed=counts["changed"], unchanged=counts["incoming"] - touched)


def _newer(name: str, *, consent: bool) -> str:
    """What stands after an import: what the file says, or else what stood before."""
    given = f"coalesce(excluded.{name}, customers.{name})"
    if not consent or name not in CONSENT:
        return given
    other = "excluded.marketing_consent is distinct from customers.marketing_consent"
    said = f"case when excluded.marketing_consent is not null and {other} then excluded.{name} else {given} end"
    return f"case when {STAYS_OUT} then customers.{name} else {said} end"


def _pieces(rows: Iterable[tuple[int, list[str]]]) -> Iterator[str]:
    """Rows as CSV text in pieces of about 64 KB; a cell that is empty means that nothing is known."""
    text = io.StringIO()
    writer = csv.writer(text)
    for line, cells in rows:
        writer.writerow([line, *cells])
        if text.tell() > PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
