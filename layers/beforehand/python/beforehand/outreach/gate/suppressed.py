"""Who must not be contacted, as the gate is told of it."""

from collections.abc import Mapping, Sequence

from beforehand.adapters.postgres import Transaction
from beforehand.outreach.gate.facts_store import Addresses, Suppressed
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.model import Reachable
from beforehand.outreach.suppression.store import PostgresSuppressions


def suppressed_in(transaction: Transaction, pepper: bytes) -> Suppressed:
    """Asks the suppressions of the database, in one query for all."""
    suppressions = PostgresSuppressions(transaction)

    def ask(people: Sequence[Addresses]) -> Mapping[str, frozenset[Channel]]:
        reachable = [Reachable(customer_id=one.customer_id, email=one.email, phone=one.phone) for one in people]
        return suppressions.suppressed(reachable, pepper=pepper)

    return ask
