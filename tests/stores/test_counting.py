"""How many are at risk, and why some are left alone, is counted once and kept up to date with what changes."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from beforehand.adapters.postgres import Row, Transaction
from beforehand.churn.model import Trigger
from beforehand.churn.store.candidates import PURPOSE
from beforehand.churn.store.choosing import COUNT, COUNTED, KEPT_COUNT
from beforehand.outreach.policy import ContactPolicy
from tests.stores.churn_base import keep
from tests.stores.test_churn_scan import DUE_AT, USUAL, Scan, base, lapsing
from tests.stores.test_churn_scores import pretend_all_is_seen

HALF = ContactPolicy(holdout_shares={PURPOSE: 0.5})
EDITS = (
    "csat_180d = 1, nps = 0",
    "csat_180d = 5, nps = 10, last_active_on = date '2026-01-01', loyalty_tier = 'Platinum', engagement_30d = 30",
    "marketing_consent = false",
    "marketing_consent = true",
    "email = null, phone = null",
    "email = 'somebody@customers.example'",
    "segment = null, loyalty_tier = null, nps = null, csat_180d = null, tickets_overdue = null",
    "lifetime_value = 5",
)


def counted(transaction: Transaction, share: float, trigger: Trigger = USUAL) -> Row | None:
    return transaction.row(
        COUNT, share=share, health_threshold=trigger.health_threshold, risk_threshold=trigger.risk_threshold,
        min_lifetime_value=None, segments=None,
    )  # fmt: skip


def kept(transaction: Transaction, share: float) -> Row | None:
    return transaction.row(
        KEPT_COUNT, share=share, health_threshold=USUAL.health_threshold, risk_threshold=USUAL.risk_threshold
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_counts_that_are_kept_are_those_of_a_look_at_everyone(transaction: Transaction, seed: int) -> None:
    chance = Random(seed)
    base(transaction, *(lapsing(f"C{n:03}", csat_180d=chance.choice((1, 4, 5))) for n in range(120)))
    doing = Scan(transaction)
    doing.policy = HALF
    doing.select(doing.score().run_id)
    assert kept(transaction, 0.5) == counted(transaction, 0.5)
    for step in range(1, 6):
        pretend_all_is_seen(transaction)
        for n in chance.sample(range(120), chance.randrange(12)):
            transaction.run(f"update customers set {chance.choice(EDITS)} where customer_id = 'C{n:03}'")
        gone = f"where customer_id = 'C{chance.randrange(120):03}'"
        transaction.run(f"delete from customers_purchases {gone}")
        transaction.run(f"delete from customers {gone}")
        if chance.random() < 0.5:
            keep(transaction, [lapsing(f"N{step}")], {})
        run_id = doing.score(DUE_AT + timedelta(minutes=5 * step)).run_id
        assert kept(transaction, 0.5) == counted(transaction, 0.5), step
        found = doing.select(run_id)
        now = counted(transaction, 0.5)
        assert now is not None
        assert kept(transaction, 0.5) == now, "who is new was drawn for"
        assert (found.at_risk, found.insufficient) == (now["at_risk"], now["insufficient"])


def changed_by_hand(transaction: Transaction) -> None:
    """So that it shows whether it was counted or looked up."""
    transaction.run("update churn_base set at_risk = at_risk + 1000")


def test_what_was_counted_is_not_counted_again(transaction: Transaction) -> None:
    base(transaction, *(lapsing(f"C{n}") for n in range(20)))
    doing = Scan(transaction)
    assert doing.select(doing.score().run_id).at_risk == 20
    pretend_all_is_seen(transaction)
    changed_by_hand(transaction)
    assert doing.select(doing.score(DUE_AT + timedelta(minutes=5)).run_id).at_risk == 1020


@pytest.mark.parametrize(
    "otherwise",
    [
        {"options": {"risk_threshold": 0.61}},
        {"usual": Trigger(health_threshold=41, risk_threshold=0.6, max_interventions=10)},
        {"usual": Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10, segments=("VIP",))},
        {"usual": Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10, min_lifetime_value=1)},
        {"policy": HALF},
        {"policy": ContactPolicy(holdout_salt="another")},
        {"days": 1},
        {"days": -1},
        {"release_before": True},
    ],
)
def test_where_something_else_is_asked_everyone_is_counted(
    transaction: Transaction, otherwise: dict[str, object]
) -> None:
    base(transaction, *(lapsing(f"C{n}", segment="VIP", lifetime_value=Decimal(90)) for n in range(20)))
    doing = Scan(transaction)
    doing.select(doing.score().run_id)
    pretend_all_is_seen(transaction)
    changed_by_hand(transaction)
    if otherwise.get("release_before"):  # it reads on, and says nothing of what it does not know
        transaction.run(
            "update churn_base set seen = cast(cast(cast(cast(seen as text) as bigint) + 1 as text) as xid8)"
        )
    doing.policy = otherwise.get("policy", doing.policy)  # type: ignore[assignment]
    usual: Trigger = otherwise.get("usual", USUAL)  # type: ignore[assignment]
    due_at = DUE_AT + timedelta(days=int(str(otherwise.get("days", 0))), minutes=5)
    options: dict[str, object] = otherwise.get("options", {})  # type: ignore[assignment]
    assert doing.select(doing.score(due_at, **options).run_id, usual).at_risk == 20


def test_all_counts_have_a_place(transaction: Transaction) -> None:
    columns = transaction.rows("select column_name from information_schema.columns where table_name = 'churn_base'")
    assert set(COUNTED) <= {row["column_name"] for row in columns}
