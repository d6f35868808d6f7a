"""Signals and scores in the database agree with the plain Python, row by row, and only changes are written."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn import sql
from beforehand.churn.model import Purchase, Record, Scored, Signals
from beforehand.churn.profile import DEFAULT_V1, PROFILES, Adjustment, Bands, Levels, ScoreProfile, Silence
from beforehand.churn.score import score
from beforehand.churn.signals import signals_of
from beforehand.churn.store import yardsticks
from beforehand.churn.store.scores import SIGNALS, PostgresScores
from beforehand.churn.yardstick import compared, yardsticks_of
from beforehand.customers.store import FORGET
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.stores.churn_base import keep, read_cdnow

NOON = datetime(2025, 10, 19, 12, tzinfo=UTC)
TODAY = NOON.date()
TOLERANCE = 1e-9
NOTHING = Signals(customer_id="C")

COLUMNS = """customer_id text, segment text, loyalty_tier text, loyalty_tier_fell boolean, recency_days integer,
    orders_per_month float8, spending_ratio float8, engagement_ratio float8, csat float8, tickets_overdue integer,
    nps integer, lifetime_value float8, lifetime_value_rank float8,
    lifetime_value_percentile float8, lifetime_value_ratio float8, average_order float8, tenure_days integer"""


def scored_in_sql(transaction: Transaction, base: Sequence[Signals], profile: ScoreProfile) -> list[dict[str, Any]]:
    """All of them in one statement, which numbers them so that no two are the same customer."""
    numbered = [asdict(replace(signals, customer_id=f"{number:09}")) for number, signals in enumerate(base)]
    source = sql.numbered(f"(select * from jsonb_to_recordset(cast(:base as jsonb)) as given({COLUMNS}))")
    query = f"select * from ({sql.scores(profile, source)}) as scored order by customer_id"
    return transaction.rows(query, base=json.dumps(numbered))


def assert_agreement(transaction: Transaction, base: Sequence[Signals], profile: ScoreProfile = DEFAULT_V1) -> None:
    rows = scored_in_sql(transaction, base, profile)
    assert len(rows) == len(base)
    for row, signals in zip(rows, base, strict=True):
        plain = score(signals, profile)
        for name in ("health", "risk", "coverage"):
            assert row[name] == pytest.approx(getattr(plain, name), abs=TOLERANCE), signals


def edges(profile: ScoreProfile) -> Iterable[Signals]:
    """Each band's bound and both sides of it, each level in several spellings, each adjustment over and over."""
    known = Signals(customer_id="C", recency_days=10, orders_per_month=1.0, spending_ratio=1.0, csat=4.0,
                    segment="VIP", loyalty_tier="Gold", lifetime_value_rank=0.5)  # fmt: skip
    for start in (NOTHING, known):
        yield start
        for factor in profile.factors:
            values: list[Any] = [None]
            if isinstance(factor.measure, Bands):
                whole = factor.signal in {"recency_days", "nps", "tenure_days"}
                step = 1 if whole else 1e-9
                for _, bound, _ in factor.measure.steps:
                    values += (
                        [int(bound) - 1, int(bound), int(bound) + 1]
                        if whole
                        else [bound - step, bound, bound + step]
                    )
            elif isinstance(factor.measure, Levels):
                for label in factor.measure.worth:
                    values += [label, label.upper(), label.title(), f"{label} ", f"{label}'; drop table x"]
                values += ["", "İ", "ſilver", "golD"]
            else:
                values += [-0.1, 0.0, 1e-12, 0.1125, 1.0, 1.1]
            for value in values:
                changed = replace(start, **{factor.signal: value})
                yield changed
                if factor.adjustment is not None:
                    units = (True, False) if factor.adjustment.signal == "loyalty_tier_fell" else (None, 0, 1, 5, 9)
                    yield from (replace(changed, **{factor.adjustment.signal: unit}) for unit in units)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.version)
def test_sql_and_python_agree_at_every_edge(transaction: Transaction, profile: ScoreProfile) -> None:
    assert_agreement(transaction, list(edges(profile)), profile)


def test_sql_and_python_agree_on_another_profile(transaction: Transaction) -> None:
    first, *others = DEFAULT_V1.factors
    odd = replace(
        DEFAULT_V1,
        version="odd-v1",
        factors=(*others, replace(first, weight=7.3, adjustment=Adjustment(signal="nps", each=0.017))),
        least_coverage=0.3,
        steepness=7.7,
        midpoint=0.43,
    )
    assert_agreement(transaction, list(edges(odd)), odd)


def test_sql_and_python_agree_where_a_straight_line_is_adjusted_or_silent(transaction: Transaction) -> None:
    value = next(factor for factor in DEFAULT_V1.factors if factor.name == "lifetime_value")
    adjusted = replace(value, adjustment=Adjustment(signal="tickets_overdue", each=-0.15))
    silent = replace(value, name="silent", weight=4.1, silence=Silence(known="nps", worth=0.3))
    odd = replace(
        DEFAULT_V1, version="odd-v2", factors=(*DEFAULT_V1.factors[:8], adjusted, silent), least_coverage=0.01
    )
    assert_agreement(transaction, list(edges(odd)), odd)


def test_scoring_everyone_is_shared_out_to_workers(transaction: Transaction) -> None:
    for setting in ("min_parallel_table_scan_size", "parallel_setup_cost", "parallel_tuple_cost"):
        transaction.run(f"set local {setting} = 0")
    # Of an empty table, sharing out costs as much as not.
    transaction.run(
        """insert into churn_signals (customer_id, loyalty_tier_fell)
           select 'SHARED' || n, false from generate_series(1, 5000) as n"""
    )
    scored = sql.scores(DEFAULT_V1, "churn_signals")
    plan = [
        row["QUERY PLAN"] for row in transaction.rows(f"explain (costs off) select max(risk) from ({scored}) as s")
    ]
    gathered = next(number for number, line in enumerate(plan) if "Gather" in line)
    # Else only the reading is shared, and one does the rest.
    assert gathered < next(number for number, line in enumerate(plan) if "Partial Aggregate" in line)


def number(least: float, most: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(least, most, allow_nan=False, allow_infinity=False)


def whole(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(least, most)


anything = st.builds(
    Signals,
    customer_id=st.just("C"),
    segment=st.sampled_from([None, "VIP", "Loyal", "Regular", "Occasional", "regular", "?"]),
    loyalty_tier=st.sampled_from([None, "Platinum", "Gold", "Silver", "Bronze", "bronze", "?"]),
    loyalty_tier_fell=st.booleans(),
    recency_days=whole(0, 1000),
    orders_per_month=number(0, 40),
    spending_ratio=number(0, 10),
    engagement_ratio=number(0, 10),
    csat=number(1, 5),
    tickets_overdue=whole(0, 12),
    nps=whole(0, 10),
    lifetime_value=number(0, 1e9),
    lifetime_value_rank=number(0, 1),
    lifetime_value_percentile=number(0, 1),
    lifetime_value_ratio=number(0, 40),
    average_order=number(0, 1e6),
    tenure_days=whole(0, 9000),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=st.lists(anything, min_size=20, max_size=200), profile=st.sampled_from(list(PROFILES.values())))
def test_sql_and_python_agree_on_anything(
    transaction: Transaction, base: list[Signals], profile: ScoreProfile
) -> None:
    assert_agreement(transaction, base, profile)


def test_the_printed_example_of_the_seed_in_sql(transaction: Transaction) -> None:
    shown = Signals(
        customer_id="C100088", segment="VIP", loyalty_tier="Platinum", recency_days=65, orders_per_month=1 / 3,
        spending_ratio=0.2, engagement_ratio=0.1, csat=3.0, tickets_overdue=2, nps=4, lifetime_value_rank=0.1125,
        tenure_days=120,
    )  # fmt: skip
    (row,) = scored_in_sql(transaction, [shown], DEFAULT_V1)
    assert row["health"] == 32.5
    assert round(row["risk"] * 100, 1) == 85.2


def kept_signals(transaction: Transaction) -> dict[str, Signals]:
    """As they are compared when read; those that are kept beside them are the same, and so are their numbers."""
    columns = ", ".join(SIGNALS)
    compared = transaction.rows(f"select {columns} from churn_compared_signals order by customer_id")
    assert compared == transaction.rows(f"select {columns} from churn_signals order by customer_id")
    numbers = "select customer_id, labels, unknown from {source} as s order by customer_id"
    assert transaction.rows(numbers.format(source="churn_signals")) == transaction.rows(
        numbers.format(source=sql.numbered(f"(select {columns} from churn_signals)"))
    )
    return {row["customer_id"]: Signals(**row) for row in compared}


def assert_same_signals(found: dict[str, Signals], expected: Sequence[Signals]) -> None:
    assert found.keys() == {signals.customer_id for signals in expected}
    for signals in expected:
        for name in SIGNALS:
            assert getattr(found[signals.customer_id], name) == pytest.approx(
                getattr(signals, name), abs=TOLERANCE
            ), (
                name,
                signals,
            )


def refresh(transaction: Transaction, as_of: datetime = NOON) -> Scored:
    return PostgresScores(transaction).refresh(as_of=as_of, profile=DEFAULT_V1)


days = st.integers(-3, 200).map(lambda ago: TODAY - timedelta(days=ago))
edge_days = st.sampled_from([-1, 0, 1, 89, 90, 91, 179, 180, 181]).map(lambda ago: TODAY - timedelta(days=ago))
moments = st.none() | days | edge_days
money = st.integers(0, 5).map(lambda euros: Decimal(euros) * Decimal("7.35"))
records = st.builds(
    Record,
    customer_id=st.just("C"),
    segment=st.sampled_from([None, "VIP", "Loyal"]),
    loyalty_tier=st.sampled_from([None, "Gold", "silver", "Bronze", "Diamond"]),
    previous_loyalty_tier=st.sampled_from([None, "PLATINUM", "Silver"]),
    loyalty_tier_changed_on=moments,
    lifetime_value=st.none() | money,
    signed_up_on=moments,
    last_active_on=moments,
    csat_180d=number(1, 5),
    tickets_overdue=whole(0, 3),
    nps=whole(0, 10),
    nps_answered_on=moments,
    engagement_30d=whole(0, 9),
    engagement_90d=whole(0, 9),
)
purchases = st.lists(st.builds(Purchase, purchased_on=days | edge_days, amount=money), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(st.tuples(records, purchases), min_size=1, max_size=40))
def test_signals_in_sql_and_python_agree(
    transaction: Transaction, people: list[tuple[Record, list[Purchase]]]
) -> None:
    transaction.run("delete from customers_purchases")
    transaction.run("delete from customers")
    base = {f"C{number}": person for number, person in enumerate(people)}
    keep(
        transaction,
        (replace(record, customer_id=customer_id) for customer_id, (record, _) in base.items()),
        {customer_id: theirs for customer_id, (_, theirs) in base.items()},
    )
    refresh(transaction)
    expected = [signals_of(replace(r, customer_id=customer_id), p, TODAY) for customer_id, (r, p) in base.items()]
    assert_same_signals(kept_signals(transaction), compared(expected, yardsticks_of(expected)))


def test_agrees_on_the_real_purchases_of_a_shop(transaction: Transaction, shared_data: Path) -> None:
    bought = read_cdnow(shared_data / "purchases" / "CDNOW_master.txt")
    some = {customer_id: theirs for customer_id, theirs in bought.items() if customer_id.endswith(("00", "51"))}
    assert len(some) > 400
    keep(transaction, (Record(customer_id=customer_id) for customer_id in some), some)
    as_of = datetime(2022, 7, 1, 6, tzinfo=UTC)
    refresh(transaction, as_of)
    plain = [signals_of(Record(customer_id=c), theirs, as_of.date()) for c, theirs in some.items()]
    plain = compared(plain, yardsticks_of(plain))
    assert_same_signals(kept_signals(transaction), plain)
    scores = {row["customer_id"]: row for row in transaction.rows("select * from churn_scores")}
    for signals in plain:
        assert scores[signals.customer_id]["health"] == pytest.approx(
            score(signals, DEFAULT_V1).health, abs=TOLERANCE
        )


def two_customers(transaction: Transaction) -> None:
    keep(
        transaction,
        [
            Record(customer_id="C1", segment="VIP", loyalty_tier="Gold", csat_180d=4.0, last_active_on=TODAY),
            Record(customer_id="C2", segment="VIP", loyalty_tier="Gold", csat_180d=2.0),
        ],
        {"C1": [Purchase(purchased_on=TODAY - timedelta(days=d), amount=Decimal(9)) for d in (5, 100)]},
    )


def test_a_base_that_did_not_change_is_not_written(transaction: Transaction) -> None:
    two_customers(transaction)
    assert refresh(transaction) == Scored(customers=2, rescored=2, changed=2)
    places = "select customer_id, ctid::text, xmin::text, xmax::text from {} order by customer_id"
    before = [transaction.rows(places.format(table)) for table in ("churn_signals", "churn_scores")]
    assert refresh(transaction, NOON + timedelta(minutes=5)) == Scored(customers=2, rescored=2, changed=0)
    assert [transaction.rows(places.format(table)) for table in ("churn_signals", "churn_scores")] == before


def test_a_score_keeps_the_moment_since_when_it_is(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction)
    later = NOON + timedelta(minutes=5)
    transaction.run("update customers set csat_180d = 1.5 where customer_id = 'C1'")
    assert refresh(transaction, later) == Scored(customers=2, rescored=2, changed=1)
    rows = transaction.rows("select as_of from churn_scores order by customer_id")
    assert [row["as_of"] for row in rows] == [later, NOON]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(records, purchases), min_size=12, max_size=30),
    edits=st.lists(st.tuples(st.integers(0, 29), records, purchases), min_size=1, max_size=2),
    profile=st.sampled_from(list(PROFILES.values())),
)
def test_scoring_what_changed_gives_what_scoring_everyone_would(
    transaction: Transaction,
    people: list[tuple[Record, list[Purchase]]],
    edits: list[tuple[int, Record, list[Purchase]]],
    profile: ScoreProfile,
) -> None:
    forget(transaction)
    base = {f"C{number}": person for number, person in enumerate(people)}
    put(transaction, base)
    scores = PostgresScores(transaction)
    scores.refresh(as_of=NOON, profile=profile)
    measured = yardsticks.kept(transaction)
    pretend_all_is_seen(transaction)
    changed = {f"C{number}": (record, bought) for number, record, bought in edits}
    for customer_id in changed:
        transaction.run("delete from customers_purchases where customer_id = :c", c=customer_id)
        transaction.run("delete from customers where customer_id = :c", c=customer_id)
    put(transaction, changed)
    done = scores.refresh(as_of=NOON + timedelta(minutes=5), profile=profile)
    assert done.rescored == len(changed)
    base |= changed
    assert done.customers == len(base)
    expected = compared(
        [signals_of(replace(r, customer_id=customer_id), p, TODAY) for customer_id, (r, p) in base.items()],
        measured,
    )
    assert_same_signals(kept_signals(transaction), expected)
    rows = {row["customer_id"]: row for row in transaction.rows("select * from churn_scores")}
    for signals in expected:
        plain = score(signals, profile)
        for name in ("health", "risk", "coverage"):
            assert rows[signals.customer_id][name] == pytest.approx(getattr(plain, name), abs=TOLERANCE)


def forget(transaction: Transaction) -> None:
    for table in (
        "customers_purchases",
        "customers",
        "churn_base",
        "churn_snapshots",
        "churn_scores",
        "churn_signals",
    ):
        transaction.run(f"delete from {table}")


def put(transaction: Transaction, base: dict[str, tuple[Record, list[Purchase]]]) -> None:
    keep(
        transaction,
        (replace(record, customer_id=customer_id) for customer_id, (record, _) in base.items()),
        {customer_id: theirs for customer_id, (_, theirs) in base.items()},
    )


def pretend_all_is_seen(transaction: Transaction) -> None:
    """A test is one transaction, which is never over, so all that it changed would be looked at again."""
    transaction.run("delete from customers_changes")


def test_a_day_is_scored_whole_when_it_is_looked_at_again_after_its_changes_were_forgotten(
    transaction: Transaction,
) -> None:
    two_customers(transaction)
    refresh(transaction)
    pretend_all_is_seen(transaction)
    transaction.run("update customers set csat_180d = 1.5 where customer_id = 'C1'")
    transaction.run("update customers_changes set changed_at = now() - interval '49 hours'")
    transaction.run(FORGET)
    assert transaction.rows("select * from customers_changes") == []
    assert refresh(transaction, NOON + timedelta(minutes=5)) == Scored(customers=2, rescored=2, changed=1)


def test_where_the_release_before_has_scored_everyone_is_scored_anew(transaction: Transaction) -> None:
    """It reads on from where this one was, and keeps no ranks beside the signals of those whom it scores."""
    keep(transaction, [known_well(f"C{n}", lifetime_value=Decimal(n)) for n in range(20)], {})
    refresh(transaction)
    pretend_all_is_seen(transaction)
    later = "cast(cast(cast(cast(seen as text) as bigint) + 1 as text) as xid8)"
    transaction.run(f"update churn_base set seen = {later}")
    transaction.run(
        "update churn_signals set lifetime_value_rank = null, lifetime_value = 7 where customer_id = 'C1'"
    )
    assert refresh(transaction, NOON + timedelta(minutes=5)).rescored == 20
    assert kept_signals(transaction)["C1"].lifetime_value_rank is not None
    assert refresh(transaction, NOON + timedelta(minutes=10)).rescored == 0


def test_scores_only_whose_facts_changed(transaction: Transaction) -> None:
    keep(transaction, [Record(customer_id=f"C{n}", csat_180d=4.0, segment="VIP") for n in range(20)], {})
    assert refresh(transaction) == Scored(customers=20, rescored=20, changed=20)
    pretend_all_is_seen(transaction)
    assert refresh(transaction, NOON + timedelta(minutes=5)) == Scored(customers=20, rescored=0, changed=0)
    transaction.run("update customers set loyalty_tier = 'Gold' where customer_id = 'C7'")
    transaction.run("delete from customers where customer_id = 'C8'")
    transaction.run(
        """insert into customers_purchases (customer_id, purchase_id, purchased_on, amount)
           values ('C9', 'P1', :day, 9)""",
        day=TODAY,
    )
    assert refresh(transaction, NOON + timedelta(minutes=10)) == Scored(customers=19, rescored=3, changed=2)
    assert kept_signals(transaction)["C9"].recency_days == 0
    tomorrow = refresh(transaction, NOON + timedelta(days=1))
    assert (tomorrow.rescored, kept_signals(transaction)["C9"].recency_days) == (19, 1)


def test_a_change_that_is_committed_while_others_are_scored_is_scored_next_time(postgres: Postgres) -> None:
    slow, database = connect(postgres), PostgresDatabase(lambda: connect(postgres))
    try:
        with database.transaction() as transaction:
            keep(transaction, [Record(customer_id=f"S{n}", csat_180d=4.0) for n in range(20)], {})
            refresh(transaction)
        slow.run("begin")
        slow.run("update customers set csat_180d = 1 where customer_id = 'S3'")
        with database.transaction() as transaction:
            transaction.run("update customers set csat_180d = 2 where customer_id = 'S4'")
        with database.transaction() as transaction:
            refresh(transaction)
            assert kept_signals(transaction)["S3"].csat == 4.0
        slow.run("commit")
        with database.transaction() as transaction:
            refresh(transaction)
            found = kept_signals(transaction)
            assert (found["S3"].csat, found["S4"].csat) == (1.0, 2.0)
        with database.transaction() as transaction:
            assert refresh(transaction).rescored == 0
    finally:
        slow.close()
        with database.transaction() as transaction:
            forget(transaction)


def test_a_snapshot_is_kept_of_each_day_on_which_health_is_another(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction)
    refresh(transaction, NOON + timedelta(days=1))
    refresh(transaction, NOON + timedelta(days=7))
    rows = transaction.rows("select customer_id, day, profile, health from churn_snapshots order by day")
    assert [(row["customer_id"], row["day"]) for row in rows if row["customer_id"] == "C1"] == [
        ("C1", TODAY), ("C1", TODAY + timedelta(days=7)),
    ]  # fmt: skip
    assert {row["profile"] for row in rows} == {"default-v1"}
    refresh(transaction, NOON - timedelta(days=50))
    assert transaction.row("select min(day) as first from churn_snapshots") == {"first": TODAY}


def test_snapshots_are_kept_for_400_days_and_the_one_that_stood_before(transaction: Transaction) -> None:
    known = Record(
        customer_id="C1", segment="VIP", loyalty_tier="Gold", nps=9, engagement_30d=10, engagement_90d=30,
        signed_up_on=TODAY - timedelta(days=800),
    )  # fmt: skip
    keep(transaction, [known], {})
    for days, csat in ((0, 2.0), (5, 5.0), (10, 3.0), (408, 4.0)):
        transaction.run("update customers set csat_180d = :csat", csat=csat)
        refresh(transaction, NOON + timedelta(days=days))
    left = transaction.rows("select day from churn_snapshots where customer_id = 'C1' order by day")
    assert [(row["day"] - TODAY).days for row in left] == [5, 10, 408]


def test_another_profile_scores_everyone_anew(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction)
    other = replace(DEFAULT_V1, version="other-v1")
    assert PostgresScores(transaction).refresh(as_of=NOON, profile=other).changed == 2


def test_who_is_deleted_loses_signals_and_score(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction)
    transaction.run("delete from customers where customer_id = 'C2'")
    assert refresh(transaction).customers == 1
    assert kept_signals(transaction).keys() == {"C1"}


def test_of_whom_too_little_is_known_has_no_score(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction)
    row = transaction.row("select health, risk, coverage from churn_scores where customer_id = 'C2'")
    assert row == {"health": None, "risk": None, "coverage": 0.33}


def test_what_lies_after_the_moment_is_not_known(transaction: Transaction) -> None:
    two_customers(transaction)
    refresh(transaction, NOON - timedelta(days=50))
    found = kept_signals(transaction)["C1"]
    assert (found.recency_days, found.lifetime_value) == (50, 9.0)


def known_well(customer_id: str, **facts: Any) -> Record:
    """Of whom enough is known to be scored, whatever day it is."""
    usual = {"segment": "VIP", "loyalty_tier": "Gold", "nps": 9, "csat_180d": 4.0, "engagement_30d": 10,
             "engagement_90d": 30, "signed_up_on": TODAY - timedelta(days=800)}  # fmt: skip
    return Record(customer_id=customer_id, **{**usual, **facts})


def test_a_snapshot_tells_how_the_day_ended_where_everyone_was_scored_twice_on_it(transaction: Transaction) -> None:
    keep(transaction, [known_well("C1")], {})
    refresh(transaction)
    transaction.run("update customers set csat_180d = 1.0")
    refresh(transaction, NOON + timedelta(hours=1))
    refresh(transaction, NOON + timedelta(days=1))
    now = transaction.row("select health from churn_scores")
    assert now is not None
    assert transaction.rows("select day, health from churn_snapshots") == [{"day": TODAY, "health": now["health"]}]


def test_a_profile_that_is_changed_on_a_day_has_a_snapshot_of_it(transaction: Transaction) -> None:
    keep(transaction, [known_well("C1")], {})
    refresh(transaction)
    other = replace(DEFAULT_V1, version="other-v1")
    PostgresScores(transaction).refresh(as_of=NOON, profile=other)
    PostgresScores(transaction).refresh(as_of=NOON + timedelta(days=1), profile=other)
    assert transaction.rows("select day, profile from churn_snapshots") == [{"day": TODAY, "profile": "other-v1"}]


def test_who_is_deleted_leaves_no_snapshot(transaction: Transaction) -> None:
    keep(transaction, [known_well("C1"), *(known_well(f"D{n}") for n in range(9))], {})
    refresh(transaction)
    pretend_all_is_seen(transaction)
    transaction.run("delete from customers where customer_id = 'C1'")
    assert refresh(transaction, NOON + timedelta(hours=1)) == Scored(customers=9, rescored=1, changed=0)
    assert transaction.row("select count(*) as kept from churn_snapshots") == {"kept": 9}
    transaction.run("delete from customers where customer_id = 'D1'")
    assert refresh(transaction, NOON + timedelta(days=1)).customers == 8
    assert transaction.row("select count(*) as kept from churn_snapshots") == {"kept": 8}


def test_counts_those_whose_score_is_another_and_no_others(transaction: Transaction) -> None:
    keep(transaction, [known_well(f"C{n}") for n in range(10)], {})
    refresh(transaction)
    pretend_all_is_seen(transaction)
    transaction.run("update customers set csat_180d = 1.0 where customer_id = 'C1'")
    assert refresh(transaction, NOON + timedelta(hours=1)).changed == 1
    assert refresh(transaction, NOON + timedelta(days=1)).changed == 0
    transaction.run("update customers set marketing_consent = false where customer_id = 'C2'")
    assert refresh(transaction, NOON + timedelta(days=1, hours=1)).changed == 0


def test_values_that_are_all_the_same_are_each_the_mean(transaction: Transaction) -> None:
    same = [known_well(f"C{n}", lifetime_value=Decimal("0.10")) for n in range(3)]
    keep(transaction, same, {})
    refresh(transaction)
    assert [signals.lifetime_value_ratio for signals in kept_signals(transaction).values()] == [1.0, 1.0, 1.0]


def test_a_database_that_counts_its_transactions_anew_is_scored_whole(transaction: Transaction) -> None:
    """Restored from a dump it is behind what was seen, and its notes of changes would lie in the past for long."""
    keep(transaction, [known_well(f"C{n}") for n in range(10)], {})
    refresh(transaction)
    transaction.run("update churn_base set seen = cast('999999999999' as xid8)")
    transaction.run("update customers set csat_180d = 1.0 where customer_id = 'C1'")
    assert refresh(transaction, NOON + timedelta(hours=1)) == Scored(customers=10, rescored=10, changed=1)


def test_another_day_moves_no_row_out_of_its_page(transaction: Transaction) -> None:
    """So no index has to be told where it went, which would cost as much again as the change."""
    keep(transaction, [known_well(f"C{n:03}", lifetime_value=Decimal(n)) for n in range(500)], {})
    refresh(transaction)
    other = replace(DEFAULT_V1, version="other-v1")  # so that every score is another
    PostgresScores(transaction).refresh(as_of=NOON + timedelta(days=1), profile=other)
    moved = transaction.rows(
        """select relname, n_tup_upd as changed, n_tup_hot_upd as stayed from pg_stat_xact_user_tables
           where relname in ('churn_signals', 'churn_scores') order by relname"""
    )
    assert moved == [
        {"relname": "churn_scores", "changed": 500, "stayed": 500},
        {"relname": "churn_signals", "changed": 500, "stayed": 500},
    ]
