"""What the base as a whole stands by: which day and profile, how far changes were read, what is kept up to date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beforehand.adapters.postgres import Transaction
from beforehand.churn.profile import ScoreProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """As of which day and by which profile everyone is scored, how far changes were read, how many there are.

    `judged` says that `at_risk_since` is right for all of them, by the two thresholds; `ranked` that the ranks
    beside the signals are, which the release before does not keep.
    """

    day: date
    profile: str
    seen: str | None
    customers: int
    snapshot_on: date | None
    health_threshold: float | None = None
    risk_threshold: float | None = None
    judged: bool = False
    ranked: bool = True
    counted_share: float | None = None

    @property
    def counted(self) -> bool:
        """Whether it is known how many there are of each kind."""
        return self.judged and self.counted_share is not None

    def is_of(self, day: date, profile: ScoreProfile) -> bool:
        """Whether only what changed since has to be scored for this day, by this profile."""
        return self.seen is not None and self.ranked and (self.day, self.profile) == (day, profile.version)

    @property
    def waiting(self) -> dict[str, object]:
        """By what those who are scored anew are judged, so that nobody else need be looked at; else empty."""
        if not self.judged:
            return {}
        return {"day": self.day, "health_threshold": self.health_threshold, "risk_threshold": self.risk_threshold}


def known(transaction: Transaction) -> Base | None:
    """What the base stands by; None where nobody was ever scored."""
    row = transaction.row(
        """select day, profile, cast(seen as text) as seen, customers, snapshot_on, health_threshold,
                  risk_threshold, (judged = seen) is true as judged, (ranked = seen) is true as ranked,
                  case when counted = seen then counted_share end as counted_share
           from churn_base"""
    )
    return None if row is None else Base(**row)


def remember(transaction: Transaction, base: Base) -> None:
    """Keeps what the base stands by from now on; how many there are of each kind has to be said anew."""
    transaction.run(
        """insert into churn_base (day, profile, seen, customers, snapshot_on, judged, ranked)
           values (:day, :profile, cast(:seen as xid8), :customers, :snapshot_on,
                   case when :judged then cast(:seen as xid8) end, cast(:seen as xid8))
           on conflict (only_row) do update
           set day = excluded.day, profile = excluded.profile, seen = excluded.seen,
               customers = excluded.customers, snapshot_on = excluded.snapshot_on, judged = excluded.judged,
               ranked = excluded.ranked, counted = null""",
        day=base.day, profile=base.profile, seen=base.seen, customers=base.customers,
        snapshot_on=base.snapshot_on, judged=base.judged,
    )  # fmt: skip


def recount(transaction: Transaction, base: Base, sums: Mapping[str, int]) -> None:
    """How many there are of each kind now, where it was known of the base before; the sums are the differences."""
    if base.counted:
        more = "".join(f", {name} = {name} + :{name}" for name in sums)
        transaction.run(f"update churn_base set counted = seen{more}", **sums)
