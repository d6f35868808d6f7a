"""Who is treated and who is left alone, on the real database: the desk's answer, the holdout, waiting, filters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from threading import Thread

import pytest

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn import scan
from beforehand.churn.documents import Brief, brief_file
from beforehand.churn.model import Record
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.score import rank_of
from beforehand.churn.store.scores import settle
from beforehand.events.churn import ScanRequested, ScanSelected, ScanStep
from beforehand.ids import from_content
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.model import Purpose
from beforehand.outreach.policy import ContactPolicy, draw, held_out
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.stores.churn_base import keep
from tests.stores.test_churn_scan import DUE_AT, USUAL, Scan, base, lapsing

TODAY = DUE_AT.date()
HALF = ContactPolicy(holdout_shares={Purpose.CHURN_INTERVENTION: 0.5})


def approached(
    transaction: Transaction, customer_id: str, *, days_ago: float, purpose: str, state: str = "sent"
) -> None:
    at = DUE_AT - timedelta(days=days_ago)
    transaction.run(
        """insert into outreach (outreach_id, customer_id, purpose, cycle, channel, state, priority, due_at,
                                 not_after, language, subject, body, because, proposed_at)
           values (:id, :customer, :purpose, :cycle, 'email', :state, 50, :at, :at, 'en', 's', 'b', 'why', :at)""",
        id=from_content(customer_id, at, purpose), customer=customer_id, purpose=purpose, cycle=str(at),
        state=state, at=at,
    )  # fmt: skip


def with_a_case(transaction: Transaction, customer_id: str, *, days_ago: float, state: str) -> None:
    at = DUE_AT - timedelta(days=days_ago)
    transaction.run(
        """insert into outreach_cases (case_id, kind, customer_id, cycle, subject, because, priority, state,
                                       opened_at, due_at)
           values (:id, 'escalation', :customer, :cycle, 's', 'why', 90, :state, :at, :at)""",
        id=from_content(customer_id, at), customer=customer_id, cycle=str(at), state=state, at=at,
    )  # fmt: skip


def four_times_for_other_purposes(transaction: Transaction) -> None:
    for days in (1, 9, 17, 27.9):
        approached(transaction, "C1", days_ago=days, purpose="post_event")


def three_times_and_once_long_ago(transaction: Transaction) -> None:
    for days in (1, 9, 17, 28):
        approached(transaction, "C1", days_ago=days, purpose="post_event")


@pytest.mark.parametrize(
    ("happened", "counted"),
    [
        (lambda t: approached(t, "C1", days_ago=6.9, purpose="churn_intervention"), "resting"),
        (lambda t: approached(t, "C1", days_ago=7, purpose="churn_intervention"), None),
        (lambda t: approached(t, "C1", days_ago=1, purpose="churn_intervention", state="cancelled"), None),
        (lambda t: approached(t, "C1", days_ago=1, purpose="post_event"), None),
        (four_times_for_other_purposes, "over_budget"),
        (three_times_and_once_long_ago, None),
        (lambda t: with_a_case(t, "C1", days_ago=40, state="taken"), "in_hand"),
        (lambda t: with_a_case(t, "C1", days_ago=6.9, state="done"), "in_hand"),
        (lambda t: with_a_case(t, "C1", days_ago=7, state="done"), None),
    ],
)
def test_the_desk_holds_against_an_approach_what_was_done_before(
    transaction: Transaction, happened: Callable[[Transaction], None], counted: str | None
) -> None:
    base(transaction, lapsing("C1"))
    happened(transaction)
    doing = Scan(transaction)
    found = doing.select(doing.score().run_id)
    assert doing.left_alone(found) == ({counted: 1} if counted else {})
    assert found.customers == (() if counted else ("C1",))


def test_the_database_draws_as_python_does(transaction: Transaction) -> None:
    ids = [f"C{number}" for number in range(500)] + ["आशा", "o'Brien|x", ""]
    rows = transaction.rows(
        "select id, outreach_v_draw(id, :purpose, :salt) as drawn from unnest(cast(:ids as text[])) as id",
        ids=ids, purpose=Purpose.CHURN_INTERVENTION, salt="holdout-1",
    )  # fmt: skip
    assert {row["id"]: row["drawn"] for row in rows} == {
        customer_id: draw(customer_id, Purpose.CHURN_INTERVENTION, "holdout-1") for customer_id in ids
    }


def test_a_tenth_is_held_out_whatever_the_purpose_and_each_purpose_holds_out_others() -> None:
    purposes = (Purpose.CHURN_INTERVENTION, Purpose.POST_EVENT)
    policy = ContactPolicy(holdout_shares=dict.fromkeys(purposes, 0.1))
    ids = [f"C{number}" for number in range(100_000, 120_000)]
    out = {purpose: {c for c in ids if held_out(c, purpose, policy)} for purpose in purposes}
    for theirs in out.values():
        assert len(theirs) / len(ids) == pytest.approx(0.1, abs=0.01)
    both = out[Purpose.CHURN_INTERVENTION] & out[Purpose.POST_EVENT]
    assert len(both) / len(ids) == pytest.approx(0.01, abs=0.004)


def test_who_is_held_out_is_noted_once_when_their_turn_would_have_come(transaction: Transaction) -> None:
    people = [f"C{number}" for number in range(40)]
    base(transaction, *(lapsing(c, lifetime_value=Decimal(1000 - n)) for n, c in enumerate(people)))
    doing = Scan(transaction)
    doing.policy = HALF
    found = doing.select(doing.score(max_interventions=5).run_id)
    out = {c for c in people if held_out(c, Purpose.CHURN_INTERVENTION, HALF)}
    assert doing.left_alone(found) == {"held_out": len(out)}
    assert not out & set(found.customers)
    ranks = {
        row["customer_id"]: rank_of(row["risk"], row["lifetime_value"])
        for row in transaction.rows("select customer_id, risk, lifetime_value from churn_scores")
    }
    before = [c for c in out if ranks[c] >= ranks[found.customers[-1]]]
    noted = {one.customer_id for one in doing.candidates.held_out(found.run_id)}
    assert noted == set(sorted(before, key=ranks.__getitem__, reverse=True)[:5])
    assert noted
    decided = transaction.rows("select customer_id, action, rule from journal_decisions")
    assert {row["customer_id"] for row in decided} == noted
    assert {(row["action"], row["rule"]) for row in decided} == {("hold_out", "churn default-v1, contact-v1")}
    again = doing.select(doing.score(DUE_AT + timedelta(minutes=5), max_interventions=5).run_id)
    assert not noted & {one.customer_id for one in doing.candidates.held_out(again.run_id)}


def test_who_waits_comes_before_who_just_came(transaction: Transaction) -> None:
    base(transaction, lapsing("C1", lifetime_value=Decimal(100)))
    doing = Scan(transaction)
    none = replace(USUAL, max_interventions=1)
    doing.select(doing.score().run_id, none)
    transaction.run("update churn_scores set treated_on = null")
    transaction.run("update schedules_runs set state = 'abandoned'")
    base(transaction, lapsing("C2", lifetime_value=Decimal(900)))
    later = DUE_AT + timedelta(days=8)
    found = doing.select(doing.score(later).run_id, none)
    rows = {
        row["customer_id"]: row
        for row in transaction.rows("select customer_id, risk, lifetime_value, at_risk_since from churn_scores")
    }
    assert {c: row["at_risk_since"] for c, row in rows.items()} == {"C1": TODAY, "C2": later.date()}
    ranks = {c: rank_of(row["risk"], row["lifetime_value"], (later.date() - row["at_risk_since"]).days)
             for c, row in rows.items()}  # fmt: skip
    assert found.customers == ("C1",)
    assert ranks["C1"] > ranks["C2"]
    kept = transaction.row("select rank from churn_candidates where run_id = :run", run=found.run_id)
    assert kept is not None
    assert kept["rank"] == pytest.approx(ranks["C1"], rel=1e-14)


def test_nobody_starves_who_stays_at_risk(transaction: Transaction) -> None:
    """Ten new people of great value come each day, and ten are treated: the poorest of the first day has a turn."""
    doing = Scan(transaction)
    one = [lapsing(f"P{n}", lifetime_value=Decimal(0 if n % 2 else 5)) for n in range(15)]
    base(transaction, *one)
    treated: dict[str, date] = {}
    for day in range(45):
        at = DUE_AT + timedelta(days=day)
        base(transaction, *(always_lapsing(f"R{day}-{n}", at.date()) for n in range(10)))
        for customer_id in scanned(doing, transaction, day).customers:
            treated.setdefault(customer_id, at.date())
    assert {record.customer_id for record in one} <= treated.keys()


def always_lapsing(customer_id: str, on: date) -> Record:
    return lapsing(customer_id, lifetime_value=Decimal(20), last_active_on=on - timedelta(days=65))


def scanned(doing: Scan, transaction: Transaction, day: int) -> ScanSelected:
    """One scan of a day, and the people it treated are approached for good, so that they do not come again."""
    run_id = doing.score(DUE_AT + timedelta(days=day)).run_id
    found = doing.select(run_id)
    transaction.run("update schedules_runs set state = 'finished' where run_id = :run", run=run_id)
    for customer_id in found.customers:
        transaction.run("delete from customers_purchases where customer_id = :c", c=customer_id)
        transaction.run("delete from customers where customer_id = :c", c=customer_id)
    return found


def test_a_look_at_the_past_ends_nobodys_waiting(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    doing.select(doing.score().run_id)
    doing.select(doing.score(DUE_AT - timedelta(days=300)).run_id)
    assert transaction.row("select at_risk_since from churn_scores") == {"at_risk_since": TODAY}


def test_looks_only_at_the_segments_and_values_that_it_is_told(transaction: Transaction) -> None:
    base(
        transaction,
        lapsing("C1", segment="Loyal", lifetime_value=Decimal(5000)),
        lapsing("C2", segment="Loyal", lifetime_value=Decimal(10)),
        lapsing("C3", segment="Regular", lifetime_value=Decimal(5000)),
    )
    doing = Scan(transaction)
    only = replace(USUAL, min_lifetime_value=1000.0, segments=("Loyal", "VIP"))
    found = doing.select(doing.score().run_id, only)
    assert (found.at_risk, found.customers) == (1, ("C1",))
    assert doing.candidates.selected(found.run_id).trigger == only


def test_health_that_fell_steeply_in_28_days_raises_the_level(transaction: Transaction) -> None:
    far_better = {"last_active_on": TODAY - timedelta(days=30), "csat_180d": 5.0, "nps": 10, "engagement_30d": 10}
    base(transaction, lapsing("C1", segment="VIP", loyalty_tier="Platinum", **far_better))
    doing = Scan(transaction)
    doing.score(DUE_AT - timedelta(days=28))
    before = transaction.row("select health from churn_scores")
    transaction.run("update customers set csat_180d = 3.0, nps = 3, engagement_30d = 2")
    run_id = doing.score().run_id
    doing.select(run_id, replace(USUAL, risk_threshold=0.3))
    doing.brief(run_id)
    brief = doing.files.read(brief_file(run_id, "C1"), Brief)
    assert before is not None
    assert brief.velocity == pytest.approx(brief.health - before["health"])
    assert brief.velocity < -15
    assert (0.6 <= brief.risk < 0.8, brief.plan.priority, brief.plan.escalate) == (True, "critical", True)
    assert f"Health fell by {-brief.velocity:.1f} points in 28 days" in brief.context.summary


def test_a_base_of_one_day_has_no_velocity(transaction: Transaction) -> None:
    keep(transaction, [lapsing("C1")], {})
    doing = Scan(transaction)
    run_id = scan.score(
        ScanRequested(due_at=DUE_AT, execution="x"),
        runs=doing.runs,
        scores=doing.scores,
        profile=DEFAULT_V1,
        now=DUE_AT,
    ).run_id
    scan.select(
        ScanStep(run_id=run_id), runs=doing.runs, scores=doing.scores, candidates=doing.candidates,
        journal=PostgresJournal(transaction), profile=DEFAULT_V1, usual=USUAL, policy=doing.policy, now=DUE_AT,
    )  # fmt: skip
    (facts,) = doing.candidates.facts(run_id, as_of=DUE_AT, profile=DEFAULT_V1)
    assert facts.velocity is None


def test_scores_of_the_release_before_do_not_say_who_opted_out_and_are_made_again(transaction: Transaction) -> None:
    """A deploy may fall between two steps of a scan: what the older one scored has no standing."""
    base(transaction, lapsing("C1"), contacts={"C1": {"marketing_consent": False}})
    doing = Scan(transaction)
    run_id = doing.score().run_id
    transaction.run("update churn_scores set standing = 'free'")
    transaction.run("update churn_base set seen = null, snapshot_on = null, customers = 0")
    found = doing.select(run_id)
    assert (doing.left_alone(found), found.customers) == ({"opted_out": 1}, ())


def test_a_time_at_which_somebody_was_well_is_no_waiting(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), lapsing("C2", lifetime_value=Decimal(200)))
    doing = Scan(transaction)
    run_id = doing.score(risk_threshold=0.1, max_interventions=1).run_id
    transaction.run(
        "update churn_scores set treated_on = :day where customer_id = 'C1'", day=TODAY - timedelta(days=300)
    )
    assert doing.select(run_id).customers == ("C2",)


def test_a_look_at_the_past_gives_nobody_back_the_time_before_their_turn(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    doing.select(doing.score().run_id)
    transaction.run("update schedules_runs set state = 'finished'")
    assert doing.select(doing.score(DUE_AT - timedelta(days=20)).run_id).customers == ("C1",)
    assert transaction.row("select treated_on from churn_scores") == {"treated_on": TODAY}


def test_who_is_held_out_waits_anew_when_their_turn_has_come_like_the_others(transaction: Transaction) -> None:
    """Twelve who are alike take turns, one each day, and so does whoever is held out and like them."""
    people = [f"C{number}" for number in range(40)]
    out = next(c for c in people if held_out(c, Purpose.CHURN_INTERVENTION, HALF))
    free = [c for c in people if not held_out(c, Purpose.CHURN_INTERVENTION, HALF)][:12]
    base(transaction, *(lapsing(c) for c in (out, *free)))
    doing = Scan(transaction)
    doing.policy = HALF
    turns: dict[str, list[int]] = {c: [] for c in (out, *free)}
    for day in range(48):
        run_id = doing.score(DUE_AT + timedelta(days=day), max_interventions=1).run_id
        found = doing.select(run_id)
        transaction.run("update schedules_runs set state = 'finished'")
        for customer_id in (*found.customers, *(one.customer_id for one in doing.candidates.held_out(run_id))):
            turns[customer_id].append(day)
    later = {c: [day for day in days if day > 6] for c, days in turns.items()}
    assert {after - day for days in later.values() for day, after in pairwise(days)} == {len(free)}


def test_velocity_is_not_taken_from_a_score_that_did_not_stand_then(transaction: Transaction) -> None:
    """By another profile since; back to the first one, its older snapshots say nothing of 28 days ago."""
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    doing.score(DUE_AT - timedelta(days=60))
    other = replace(DEFAULT_V1, version="other-v1")
    doing.scores.refresh(as_of=DUE_AT - timedelta(days=50), profile=other)
    run_id = doing.score().run_id
    doing.select(run_id)
    (facts,) = doing.candidates.facts(run_id, as_of=DUE_AT, profile=DEFAULT_V1)
    assert facts.velocity is None


def test_segments_are_told_apart_as_the_score_tells_them(transaction: Transaction) -> None:
    base(transaction, lapsing("C1", segment="vip"), lapsing("C2", segment="Regular"))
    doing = Scan(transaction)
    found = doing.select(doing.score().run_id, replace(USUAL, segments=("VIP",)))
    assert found.customers == ("C1",)


def test_a_base_all_of_which_is_held_out_is_compared_with_nobody(transaction: Transaction) -> None:
    base(transaction, *(lapsing(f"C{number}") for number in range(5)))
    doing = Scan(transaction)
    doing.policy = ContactPolicy(holdout_shares={Purpose.CHURN_INTERVENTION: 1})
    found = doing.select(doing.score(max_interventions=1000).run_id)
    assert (doing.left_alone(found), found.customers) == ({"held_out": 5}, ())
    assert len(doing.candidates.held_out(found.run_id)) == 5


def test_a_thousand_are_treated_in_one_scan_and_no_more(transaction: Transaction) -> None:
    base(transaction, *(lapsing(f"C{number:04}") for number in range(1001)))
    doing = Scan(transaction)
    run_id = doing.score(max_interventions=1000).run_id
    found = doing.select(run_id)
    assert (found.at_risk, len(set(found.customers))) == (1001, 1000)
    assert doing.select(run_id) == found
    assert doing.select(doing.score(DUE_AT + timedelta(minutes=5)).run_id).customers == ("C1000",)


def test_two_scans_that_select_at_once_do_not_take_the_same(postgres: Postgres) -> None:
    first, second = (PostgresDatabase(lambda: connect(postgres)) for _ in range(2))
    found: list[ScanSelected] = []
    try:
        with first.transaction() as transaction:
            base(transaction, lapsing("C1"), lapsing("C2"))
            doing = Scan(transaction)
            runs = [doing.score(DUE_AT + timedelta(minutes=m), max_interventions=1).run_id for m in (0, 5)]

        def late() -> None:
            with second.transaction() as transaction:
                found.append(Scan(transaction).select(runs[1]))

        with first.transaction() as transaction:
            settle(transaction)
            thread = Thread(target=late)
            thread.start()
            found.append(Scan(transaction).select(runs[0]))
        thread.join(60)
        assert [one.customers for one in found] == [("C1",), ("C2",)]
    finally:
        with first.transaction() as transaction:
            for table in ("churn_candidates", "churn_scans", "schedules_runs", "customers_purchases", "customers",
                          "churn_base", "churn_snapshots", "churn_scores", "churn_signals"):  # fmt: skip
                transaction.run(f"delete from {table}")


def test_a_run_that_is_taken_up_again_lets_go_of_whom_another_has_approached(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), lapsing("C2"))
    doing = Scan(transaction)
    failed = doing.score().run_id
    assert doing.select(failed).customers == ("C1", "C2")
    assert doing.to_the_end(DUE_AT + timedelta(days=1), max_interventions=1).proposed == 1
    (approached,) = transaction.rows("select customer_id from outreach")
    transaction.run("update schedules_runs set state = 'running' where run_id = :run", run=failed)
    (kept,) = doing.select(failed).customers
    assert {kept, approached["customer_id"]} == {"C1", "C2"}
    doing.brief(failed)
    doing.write(failed, kept)
    assert doing.propose(failed, now=DUE_AT + timedelta(days=2)).proposed == 1
    assert doing.select(failed).customers == (kept,), "what a finished run did stays as it was"


@pytest.mark.parametrize("seed", range(6))
def test_walking_the_index_finds_whom_ranking_everyone_would(transaction: Transaction, seed: int) -> None:
    chance = Random(seed)
    people = [f"C{number:02}" for number in range(70)]
    base(
        transaction,
        *(
            lapsing(
                c, lifetime_value=Decimal(chance.choice((0, 5, 90, 100, 4000))), csat_180d=chance.choice((1, 4, 5))
            )
            for c in people
        ),
    )
    doing = Scan(transaction)
    doing.policy = HALF if seed % 2 else doing.policy
    before = doing.select(doing.score(max_interventions=1).run_id)
    rested = {*before.customers, *(one.customer_id for one in doing.candidates.held_out(before.run_id))}
    for c in people:
        since, turn = (TODAY - timedelta(days=chance.choice((0, 1, 2, 9, 30, 31))) for _ in range(2))
        transaction.run(
            """update churn_scores set at_risk_since = :since, treated_on = :turn
               where customer_id = :c and at_risk_since is not null""",
            since=since, turn=chance.choice((None, turn)), c=c,
        )  # fmt: skip
    most = chance.choice((1, 3, 8, 40))
    found = doing.select(doing.score(DUE_AT + timedelta(minutes=5), max_interventions=most).run_id)
    rows = [
        (-rank_of(row["risk"], row["lifetime_value"], (TODAY - max(filter(None, row["days"]))).days),
         -row["risk"], row["customer_id"])
        for row in transaction.rows(
            """select customer_id, risk, lifetime_value, array[at_risk_since, before.treated_on] as days
               from churn_scores
               join (select customer_id,
                            case when customer_id = any(cast(:chosen as text[])) then null else treated_on end
                     from churn_scores) as before (customer_id, treated_on) using (customer_id)
               where at_risk_since is not null""",
            chosen=list(found.customers),
        )
        if row["customer_id"] not in rested
    ]  # fmt: skip
    ranked = [c for _, _, c in sorted(rows) if not held_out(c, Purpose.CHURN_INTERVENTION, doing.policy)]
    known = {c: -rank for rank, _, c in rows}
    kept = transaction.rows("select customer_id, rank from churn_candidates where run_id = :r", r=found.run_id)
    assert len(found.customers) == min(most, len(ranked))
    chosen = {row["customer_id"]: row["rank"] for row in kept}
    left = [known[c] for c in ranked if c not in chosen]
    assert min(chosen.values()) >= max(left, default=0) - 1e-9
    if seed % 2 and len(chosen) == most:
        due = [
            c for c in known if held_out(c, Purpose.CHURN_INTERVENTION, HALF) and known[c] >= min(chosen.values())
        ]
        noted = {one.customer_id for one in doing.candidates.held_out(found.run_id)}
        assert noted == set(sorted(due, key=lambda c: -known[c])[:most]) or len(due) > most == len(noted)


def test_who_is_scored_anew_begins_and_ends_to_wait_at_once(transaction: Transaction) -> None:
    """So nobody else is looked at for it; a change of the thresholds, or another day, looks at everyone."""
    base(transaction, *(lapsing(f"C{number:02}") for number in range(30)), always_lapsing("D1", TODAY))
    doing = Scan(transaction)
    doing.select(doing.score().run_id)
    judged = "select judged = seen as judged from churn_base"
    assert transaction.row(judged) == {"judged": True}
    transaction.run("delete from customers_changes")
    well = "csat_180d = 5, nps = 10, engagement_30d = 20, last_active_on = :day, loyalty_tier = 'Platinum'"
    transaction.run(f"update customers set {well} where customer_id = 'D1'", day=TODAY)
    later = DUE_AT + timedelta(minutes=5)
    run_id = doing.score(later).run_id
    waits = "select at_risk_since from churn_scores where customer_id = 'D1'"
    assert transaction.row(waits) == {"at_risk_since": None}
    assert transaction.row(judged) == {"judged": True}
    assert doing.select(run_id).at_risk == 30
    doing.score(DUE_AT + timedelta(days=1))
    assert transaction.row(judged) == {"judged": None}


def test_another_salt_draws_for_everyone_anew(transaction: Transaction) -> None:
    people = [f"C{number}" for number in range(40)]
    base(transaction, *(lapsing(c) for c in people))
    doing = Scan(transaction)
    for minutes, salt in enumerate(("one", "two", "two")):
        doing.policy = replace(HALF, holdout_salt=salt)
        found = doing.select(doing.score(DUE_AT + timedelta(days=9 * minutes)).run_id)
        out = sum(held_out(c, Purpose.CHURN_INTERVENTION, doing.policy) for c in people)
        assert doing.candidates.selected(found.run_id).left_alone.held_out <= out
        drawn = transaction.rows("select customer_id, drawn from churn_scores")
        assert {r["customer_id"]: r["drawn"] for r in drawn} == {
            c: draw(c, Purpose.CHURN_INTERVENTION, salt) for c in people
        }
