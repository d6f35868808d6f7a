"""A preview walks down the lifetime values and finds just whom a look at everyone finds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beforehand.adapters.postgres import Transaction
from beforehand.churn.labels import labels_of
from beforehand.churn.model import Purchase, Record
from beforehand.churn.preview import Preview, Previewed, Read, Stretch, Wanted, preview
from beforehand.churn.profile import DEFAULT_V1, PROCX_V1, PROFILES
from beforehand.churn.score import ascii_lower, rank_of, score
from beforehand.churn.store.previewing import PostgresPreviewBase
from beforehand.churn.store.scores import PostgresScores
from tests.stores.churn_base import keep
from tests.stores.test_churn_scores import NOON, TODAY, forget, kept_signals, money, purchases, put, records

WANTED = Wanted(profile=DEFAULT_V1, health_threshold=40, risk_threshold=0.6, limit=10)


class Counting(PostgresPreviewBase):
    """Says how often the base was read, and whether all of it was."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self.reads: list[Sequence[Stretch]] = []
        self.whole = 0

    def read(self, wanted: Wanted, stretches: Sequence[Stretch], depth: int) -> Read:
        self.reads.append(stretches)
        return super().read(wanted, stretches, depth)

    def read_everyone(self, wanted: Wanted, least_rank: float = 0.0) -> list[Previewed]:
        self.whole += 1
        return super().read_everyone(wanted, least_rank)


def walk(transaction: Transaction, wanted: Wanted, first: int = 1) -> tuple[Preview, Counting]:
    """A walk that never gives up and reads everyone."""
    base = Counting(transaction)
    stands = base.stands()
    assert stands is not None
    assert stands.ranked
    return preview(wanted, base, customers=10**9, first=first), base


def by_hand(transaction: Transaction, wanted: Wanted) -> list[str]:
    """Whom the plain score in Python finds, among all."""
    standings = {
        row["customer_id"]: row["standing"]
        for row in transaction.rows("select customer_id, standing from churn_signals where true")
    }
    found = []
    for signals in kept_signals(transaction).values():
        scored = score(signals, wanted.profile)
        if scored.health is None or scored.risk is None:
            continue
        at_risk = (wanted.health_threshold is not None and scored.health < wanted.health_threshold) or (
            wanted.risk_threshold is not None and scored.risk >= wanted.risk_threshold
        )
        named = wanted.segments is None or ascii_lower(signals.segment or "") in map(ascii_lower, wanted.segments)
        value = -1.0 if signals.lifetime_value is None else signals.lifetime_value
        worth = wanted.min_lifetime_value is None or value >= wanted.min_lifetime_value
        stands = wanted.standing is None or standings[signals.customer_id] == wanted.standing
        if at_risk and named and worth and stands:
            rank = round(rank_of(scored.risk, signals.lifetime_value), 9)
            found.append((-rank, -round(scored.risk, 9), signals.customer_id))
    return [customer_id for *_, customer_id in sorted(found)[: wanted.limit]]


wishes = st.builds(
    Wanted,
    profile=st.sampled_from(list(PROFILES.values())),
    health_threshold=st.sampled_from([None, 0.0, 40.0, 55.0, 100.0]),
    risk_threshold=st.sampled_from([None, 0.0, 0.6, 0.95]),
    limit=st.integers(1, 12),
    min_lifetime_value=st.sampled_from([None, None, 0.0, 14.7]),
    segments=st.sampled_from([None, None, ("vip",), ("Loyal", "VIP")]),
    standing=st.sampled_from([None, None, "free", "opted_out"]),
)
several = st.sampled_from([None, "VIP", "vip", "Loyal", "Occasional", "Wholesale", ""])
worth = st.none() | money | st.decimals(0, 3000, places=2)
people = st.tuples(
    st.builds(
        lambda one, segment, value: replace(one, segment=segment, lifetime_value=value), records, several, worth
    ),
    purchases,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=st.lists(people, min_size=1, max_size=60), wishes=st.lists(wishes, min_size=1, max_size=4))
def test_a_walk_finds_whom_a_look_at_everyone_finds(
    transaction: Transaction, base: list[tuple[Record, list[Purchase]]], wishes: list[Wanted]
) -> None:
    forget(transaction)
    put(transaction, {f"C{number:02}": person for number, person in enumerate(base)})
    transaction.run("update customers set marketing_consent = false where customer_id like '%3'")
    PostgresScores(transaction).refresh(as_of=NOON, profile=DEFAULT_V1)
    for wanted in wishes:
        found, _ = walk(transaction, wanted)
        everyone = PostgresPreviewBase(transaction).read_everyone(wanted)
        assert list(found.best) == everyone
        assert [one.customer_id for one in everyone] == by_hand(transaction, wanted)
        assert len({one.customer_id for one in found.best}) == len(found.best)


def crowd(transaction: Transaction, customers: int, **facts: Any) -> None:
    """So many, each a little more valuable than the one before, who have all stopped buying."""
    transaction.run(
        """insert into customers (customer_id, email, segment, loyalty_tier, lifetime_value, csat_180d, nps,
                                  last_active_on, signed_up_on, engagement_30d, engagement_90d, updated_at)
           select 'C' || lpad(cast(n as text), 5, '0'), 'a@b.example',
                  (array['VIP', 'Loyal', 'Regular', 'Occasional'])[1 + n % 4],
                  (array['Platinum', 'Gold', 'Silver', 'Bronze'])[1 + n / 4 % 4], power(1.01, n % 1000) + n % 7,
                  case when n % 3 = 0 then 1.5 else 4.9 end, n % 11, cast(:day as date) - n % 200,
                  cast(:day as date) - 900, n % 5, 12, now()
           from generate_series(1, :customers) as n""",
        day=TODAY, customers=customers,
    )  # fmt: skip
    PostgresScores(transaction).refresh(as_of=NOON, profile=DEFAULT_V1)


@pytest.mark.parametrize("profile", [DEFAULT_V1, PROCX_V1], ids=lambda profile: str(profile.version))
def test_a_walk_looks_at_few_of_many(transaction: Transaction, profile: Any) -> None:
    crowd(transaction, 4000)
    wanted = replace(WANTED, profile=profile)
    found, base = walk(transaction, wanted, first=8)
    assert list(found.best) == PostgresPreviewBase(transaction).read_everyone(wanted)
    assert len(found.best) == 10
    assert found.looked_at < 2000
    assert len(base.reads) > 1


def test_where_walking_would_take_longer_everyone_is_read_once(transaction: Transaction) -> None:
    crowd(transaction, 400)
    base = Counting(transaction)
    found = preview(WANTED, base, customers=400)
    assert (base.whole, base.reads, found.looked_at) == (1, [], 400)
    assert list(found.best) == list(walk(transaction, WANTED)[0].best)


def test_a_base_of_too_many_segments_is_read_once(transaction: Transaction) -> None:
    crowd(transaction, 500)
    transaction.run("update customers set segment = 'S' || customer_id")
    PostgresScores(transaction).refresh(as_of=NOON, profile=DEFAULT_V1)
    found, base = walk(transaction, WANTED)
    assert base.whole == 1
    assert list(found.best) == PostgresPreviewBase(transaction).read_everyone(WANTED)


def test_those_who_rank_the_same_come_by_their_ids_wherever_the_walk_stops(transaction: Transaction) -> None:
    same = [
        Record(customer_id=f"C{n:02}", segment="VIP", loyalty_tier="Gold", csat_180d=1.0, nps=1, engagement_30d=0,
               engagement_90d=9, last_active_on=TODAY.replace(year=2024), lifetime_value=700)
        for n in range(30)
    ]  # fmt: skip
    keep(transaction, same, {})
    PostgresScores(transaction).refresh(as_of=NOON, profile=DEFAULT_V1)
    found, _ = walk(transaction, WANTED)
    assert [one.customer_id for one in found.best] == [f"C{n:02}" for n in range(10)]


def test_a_preview_stores_nothing(transaction: Transaction) -> None:
    crowd(transaction, 200)
    tables = ("churn_signals", "churn_scores", "churn_base", "churn_yardsticks", "churn_snapshots")

    def stored() -> Mapping[str, Any]:
        return {table: transaction.rows(f"select ctid, xmin from {table} order by ctid") for table in tables}

    before = stored()
    walk(transaction, replace(WANTED, profile=PROCX_V1))
    assert stored() == before


def test_the_database_numbers_labels_as_python_does(transaction: Transaction) -> None:
    segments = [None, "", "VIP", "vip", "Loyal", "REGULAR", "Occasional", "Wholesale", "İ"]
    tiers = [None, "Platinum", "gold", "SILVER", "Bronze", "Diamond"]
    keep(
        transaction,
        [
            Record(customer_id=f"C{a}-{b}", segment=segment, loyalty_tier=tier)
            for a, segment in enumerate(segments)
            for b, tier in enumerate(tiers)
        ],
        {},
    )
    PostgresScores(transaction).refresh(as_of=NOON, profile=DEFAULT_V1)
    rows = transaction.rows("select segment, loyalty_tier, labels from churn_signals where true")
    assert len(rows) == len(segments) * len(tiers)
    for row in rows:
        labels = labels_of(row["labels"])
        for name in ("segment", "loyalty_tier"):
            found = getattr(labels, name)
            assert found == (ascii_lower(row[name]) if found is not None else None)
            counted = {"vip", "loyal", "regular", "occasional", "platinum", "gold", "silver", "bronze"}
            assert (found is None) == (row[name] is None or ascii_lower(row[name]) not in counted)
