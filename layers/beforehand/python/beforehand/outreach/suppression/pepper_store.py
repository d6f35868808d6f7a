"""Which pepper this database's hashes were made with."""

from datetime import datetime

from beforehand.adapters.postgres import Transaction


class PostgresFingerprints:
    """The fingerprint of the pepper, inside one transaction; only the migrator may write it."""

    def __init__(self, transaction: Transaction, *, now: datetime) -> None:
        self._transaction = transaction
        self._now = now

    def known(self) -> str | None:
        """The fingerprint that was written first."""
        found = self._transaction.row("select fingerprint from outreach_peppers")
        return found["fingerprint"] if found else None

    def remember(self, fingerprint: str) -> None:
        """Writes the fingerprint down, for ever."""
        self._transaction.run(
            "insert into outreach_peppers (fingerprint, made_at) values (:fingerprint, :now)",
            fingerprint=fingerprint, now=self._now,
        )  # fmt: skip
