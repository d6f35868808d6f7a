"""A churn scan from score to proposal against the real database, with the files kept in memory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from beforehand.adapters.postgres import Transaction
from beforehand.churn import briefing, exporting, proposing, scan, writing
from beforehand.churn.allowance import Allowance
from beforehand.churn.documents import (
    Brief,
    Briefs,
    Draft,
    ScanResult,
    brief_file,
    briefs_file,
    draft_file,
    result_file,
)
from beforehand.churn.memory_store import PostgresMemory
from beforehand.churn.model import Asked, LeftAlone, Purchase, Record, Trigger
from beforehand.churn.prices import Prices
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.store.candidates import PostgresCandidates
from beforehand.churn.store.scores import PostgresScores
from beforehand.churn.templates import TemplateWriter
from beforehand.errors import NotFoundError
from beforehand.events.churn import (
    MemoryRequested,
    MessageRequested,
    ScanFinished,
    ScanRequested,
    ScanScored,
    ScanSelected,
    ScanStep,
)
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.model import Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand.schedules.store import PostgresRuns
from tests.fakes import MemoryFiles
from tests.stores.churn_base import keep

DUE_AT = datetime(2025, 10, 19, 14, 30, tzinfo=UTC)
COMPANY = "Example Stores"
COOL_DOWN = ContactPolicy().cool_down(Purpose.CHURN_INTERVENTION)
USUAL = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10)


class Scan:
    """The five steps, each as its function takes it."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.files = MemoryFiles()
        self.runs = PostgresRuns(transaction)
        self.scores = PostgresScores(transaction)
        self.candidates = PostgresCandidates(transaction)
        self.policy = ContactPolicy(holdout_shares={})

    def score(self, due_at: datetime = DUE_AT, **options: Any) -> ScanScored:
        return scan.score(
            ScanRequested(due_at=due_at, execution=f"at {due_at}", **options),
            runs=self.runs,
            scores=self.scores,
            profile=DEFAULT_V1,
            now=due_at + timedelta(seconds=2),
        )

    def select(self, run_id: UUID, usual: Trigger = USUAL) -> ScanSelected:
        return scan.select(
            ScanStep(run_id=run_id), runs=self.runs, scores=self.scores, candidates=self.candidates,
            journal=PostgresJournal(self.transaction), profile=DEFAULT_V1, usual=usual, policy=self.policy,
            now=DUE_AT,
        )  # fmt: skip

    def left_alone(self, found: ScanSelected) -> dict[str, int]:
        counted = asdict(self.candidates.selected(found.run_id).left_alone)
        return {name: count for name, count in counted.items() if count}

    def brief(self, run_id: UUID, allowance: Allowance = Allowance()) -> Sequence[str]:  # noqa: B008 - it is frozen
        return briefing.brief(
            ScanStep(run_id=run_id),
            runs=self.runs,
            scores=self.scores,
            candidates=self.candidates,
            memory=PostgresMemory(self.transaction),
            files=self.files,
            profile=DEFAULT_V1,
            allowance=allowance,
        ).customers

    def write(self, run_id: UUID, customer_id: str) -> None:
        request = MessageRequested(run_id=run_id, customer_id=customer_id)
        writing.write(request, files=self.files, writer=TemplateWriter(COMPANY), company=COMPANY)

    def propose(self, run_id: UUID, *, now: datetime, prices: Prices | None = None) -> ScanFinished:
        return proposing.propose(
            ScanStep(run_id=run_id),
            runs=self.runs,
            candidates=self.candidates,
            outreach=PostgresOutreach(self.transaction),
            cases=PostgresCases(self.transaction),
            journal=PostgresJournal(self.transaction),
            files=self.files,
            now=now,
            prices=prices,
        )

    def to_the_end(self, due_at: datetime = DUE_AT, **options: Any) -> ScanFinished:
        run_id = self.score(due_at, **options).run_id
        self.select(run_id)
        for customer_id in self.brief(run_id):
            self.write(run_id, customer_id)
        return self.propose(run_id, now=due_at + timedelta(seconds=6))

    def result(self, run_id: UUID) -> ScanResult:
        return self.files.read(result_file(run_id), ScanResult)


def days_ago(days: int) -> Any:
    return (DUE_AT - timedelta(days=days)).date()


def lapsing(customer_id: str, **known: Any) -> Record:
    """Somebody of whom all is known and little is good."""
    facts = {
        "segment": "Regular",
        "loyalty_tier": "Bronze",
        "lifetime_value": Decimal("100.00"),
        "signed_up_on": days_ago(500),
        "last_active_on": days_ago(65),
        "csat_180d": 2.0,
        "tickets_overdue": 0,
        "nps": 3,
        "engagement_30d": 0,
        "engagement_90d": 30,
    }
    return Record(customer_id=customer_id, **{**facts, **known})


def thriving(customer_id: str) -> Record:
    return lapsing(
        customer_id, loyalty_tier="Platinum", last_active_on=days_ago(1), csat_180d=5.0, nps=10, engagement_30d=20
    )


OLD = [Purchase(purchased_on=days_ago(100), amount=Decimal("50.00"))]


def base(transaction: Transaction, *records: Record, contacts: dict[str, dict[str, Any]] | None = None) -> None:
    keep(transaction, records, {record.customer_id: OLD for record in records}, contacts)


def test_treats_who_is_at_risk_and_lets_the_others_be(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), thriving("C2"), Record(customer_id="C3"))
    doing = Scan(transaction)
    scored = doing.score()
    found = doing.select(scored.run_id)
    assert scored.scored == 3
    assert found == ScanSelected(run_id=scored.run_id, at_risk=1, left_alone=0, insufficient=1, customers=("C1",))


def test_ranks_by_risk_and_what_there_is_to_lose(transaction: Transaction) -> None:
    base(
        transaction,
        lapsing("C1", lifetime_value=Decimal(100)),
        lapsing("C2", lifetime_value=Decimal(9000), segment="Loyal"),
        lapsing("C3", lifetime_value=Decimal(100)),
        lapsing("C4", lifetime_value=Decimal(100), csat_180d=4.0),
    )
    doing = Scan(transaction)
    run_id = doing.score().run_id
    found = doing.select(run_id, Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=3))
    assert found.at_risk == 4
    assert found.customers == ("C2", "C1", "C3")


@pytest.mark.parametrize(
    ("contact", "counted"),
    [
        ({"marketing_consent": False}, "opted_out"),
        ({"email": None, "phone": None}, "unreachable"),
        ({"email": None, "phone": None, "marketing_consent": False}, "opted_out"),
        ({"email": None, "phone": "+917015550100"}, None),
        ({"marketing_consent": True}, None),
    ],
)
def test_leaves_alone_who_must_not_or_cannot_be_approached(
    transaction: Transaction, contact: dict[str, Any], counted: str | None
) -> None:
    base(transaction, lapsing("C1"), contacts={"C1": contact})
    doing = Scan(transaction)
    found = doing.select(doing.score().run_id)
    assert found.at_risk == 1
    assert doing.left_alone(found) == ({counted: 1} if counted else {})
    assert found.customers == (() if counted else ("C1",))


def test_a_risk_threshold_given_explicitly_is_the_whole_trigger(transaction: Transaction) -> None:
    base(transaction, lapsing("C1", csat_180d=5.0))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    row = transaction.row("select health, risk from churn_scores")
    assert row is not None
    assert row["health"] < 40
    assert row["risk"] < 0.95
    assert doing.select(run_id).at_risk == 1
    assert doing.select(doing.score(DUE_AT + timedelta(minutes=5), risk_threshold=0.95).run_id).at_risk == 0


def test_who_was_approached_rests_for_exactly_seven_days(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    assert doing.to_the_end().proposed == 1
    approached_at = DUE_AT + timedelta(seconds=6)
    just_before = doing.select(doing.score(approached_at + COOL_DOWN - timedelta(microseconds=1)).run_id)
    assert (doing.left_alone(just_before), just_before.customers) == ({"resting": 1}, ())
    after = doing.select(doing.score(approached_at + COOL_DOWN).run_id)
    assert (doing.left_alone(after), after.customers) == ({}, ("C1",))


def test_the_next_in_line_are_treated_when_the_first_rest(transaction: Transaction) -> None:
    base(transaction, *(lapsing(f"C{number}") for number in range(5)))
    doing = Scan(transaction)
    first = doing.to_the_end(max_interventions=3)
    second = doing.to_the_end(DUE_AT + timedelta(minutes=5), max_interventions=3)
    third = doing.to_the_end(DUE_AT + timedelta(minutes=10), max_interventions=3)
    assert [first.proposed, second.proposed, third.proposed] == [3, 2, 0]
    assert transaction.row("select count(distinct customer_id) as people from outreach") == {"people": 5}


def test_who_is_in_hand_in_another_run_rests(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    assert doing.select(doing.score().run_id).customers == ("C1",)
    overlapping = doing.select(doing.score(DUE_AT + timedelta(minutes=5)).run_id)
    assert (doing.left_alone(overlapping), overlapping.customers) == ({"resting": 1}, ())


def test_a_repeated_selection_answers_the_same_again(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), thriving("C2"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    first = doing.select(run_id)
    transaction.run("update churn_scores set health = 1, risk = 0.99")
    assert doing.select(run_id) == first


def test_a_run_that_selected_nobody_yet_has_nothing_to_propose(transaction: Transaction) -> None:
    doing = Scan(transaction)
    run_id = doing.score().run_id
    with pytest.raises(NotFoundError, match="selected nobody yet"):
        doing.propose(run_id, now=DUE_AT)


def test_a_brief_has_everything_that_the_message_rests_on(transaction: Transaction) -> None:
    contacts = {"C1": {"name": "आशा शर्मा", "language": "hi-IN"}}
    base(transaction, lapsing("C1"), lapsing("C2"), thriving("C3"), contacts=contacts)
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    assert doing.brief(run_id) == ("C1", "C2")
    brief = doing.files.read(brief_file(run_id, "C1"), Brief)
    assert (brief.name, brief.language, brief.channel) == ("आशा शर्मा", "hi-IN", "email")
    assert (brief.purchases.orders, brief.purchases.spent, brief.purchases.last_on) == (1, 50, days_ago(100))
    assert brief.pattern.similar_customers == 1
    assert sum(c.lost for c in brief.contributions) == pytest.approx(100 - brief.health)
    index = doing.files.read(briefs_file(run_id), Briefs)
    assert [(line.position, line.customer_id) for line in index.customers] == [(1, "C1"), (2, "C2")]
    assert (index.at_risk, index.left_alone) == (2, LeftAlone())


def test_who_was_deleted_meanwhile_is_named_and_the_others_go_on(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), lapsing("C2"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    transaction.run("delete from customers_purchases where customer_id = 'C1'")
    transaction.run("delete from customers where customer_id = 'C1'")
    assert doing.brief(run_id) == ("C2",)
    doing.write(run_id, "C2")
    finished = doing.propose(run_id, now=DUE_AT)
    assert (finished.proposed, finished.failed) == (1, 1)
    assert doing.result(run_id).customers[0].because.startswith("they have no brief")


def test_a_whole_scan_proposes_records_and_tells(transaction: Transaction) -> None:
    base(
        transaction,
        lapsing("C100088", segment="VIP", lifetime_value=Decimal(9000), csat_180d=2.5, tickets_overdue=1),
        lapsing("C100138"),
        contacts={
            "C100088": {"name": "आशा शर्मा", "language": "hi"},
            "C100138": {"name": "Grace Chen", "language": "te", "email": None, "phone": "+15550000001"},
        },
    )
    doing = Scan(transaction)
    finished = doing.to_the_end()
    assert (finished.proposed, finished.skipped, finished.failed, finished.tell) == (2, 0, 0, True)
    result = doing.result(finished.run_id)
    assert result.seconds == 4.0
    assert (result.total_scans, result.total_proposed, result.proposed_per_scan) == (1, 2, 2.0)
    first, second = result.customers
    assert (first.customer_id, first.language_name, first.action) == (
        "C100088",
        "Hindi",
        "immediate_personal_outreach",
    )
    assert first.issue == "Haven't purchased in 60+ days (declining activity)"
    assert (second.customer_id, second.language_name) == ("C100138", "English")

    planned = transaction.rows("select * from outreach order by customer_id")
    assert [row["outreach_id"] for row in planned] == [first.outreach_id, second.outreach_id]
    assert [row["channel"] for row in planned] == ["email", "sms"]
    assert planned[0]["priority"] == round(first.risk * 100)
    assert planned[0]["cycle"] == "2025-10-19"
    assert planned[0]["not_after"] == DUE_AT + timedelta(days=7)
    assert "आशा शर्मा" in planned[0]["body"]
    assert [row["state"] for row in planned] == ["held", "scheduled"]
    assert planned[0]["because"].endswith(
        "(declining activity); written in Hindi, as they prefer; held until the person who takes over lets it go"
    )

    decisions = transaction.rows("select * from journal_decisions order by customer_id")
    assert [(row["action"], row["rule"], row["outreach_id"]) for row in decisions] == [
        ("propose", "churn default-v1", row["outreach_id"]) for row in planned
    ]
    assert decisions[0]["facts"]["cause"] == "recency"
    assert decisions[0]["facts"]["plan"]["escalate"] is True


def test_neither_result_nor_mail_nor_journal_names_anybody(transaction: Transaction) -> None:
    contacts = {"C1": {"name": "Grace Chen", "email": "grace@customers.example", "phone": "+15550000001"}}
    base(transaction, lapsing("C1"), contacts=contacts)
    doing = Scan(transaction)
    finished = doing.to_the_end()
    draft = doing.files.read(draft_file(finished.run_id, "C1"), Draft)
    journal = transaction.rows("select because, facts from journal_decisions")
    told = f"{doing.result(finished.run_id).model_dump_json()}{finished.model_dump_json()}{json.dumps(journal)}"
    assert "Grace Chen" in draft.body
    assert not [word for word in ("Grace", "Chen", "customers.example", "5550000", draft.subject) if word in told]


def test_the_mail_is_readable_and_its_subject_fits(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    finished = Scan(transaction).to_the_end()
    assert finished.subject == "Beforehand: 1 intervention proposed, 1 customer at risk"
    assert finished.subject.isascii()
    assert "1. C1 (Regular, Bronze)\n   Health " in finished.message
    assert "\n   Proposed (English)\n" in finished.message


def test_a_repeated_proposal_answers_the_same_again(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    first = doing.to_the_end()
    kept = dict(doing.files.kept)
    assert doing.propose(first.run_id, now=DUE_AT + timedelta(hours=1)) == first
    assert doing.files.kept == kept
    assert transaction.row("select count(*) as planned from outreach") == {"planned": 1}


def test_a_crash_before_the_end_repeats_without_harm(transaction: Transaction) -> None:
    """The result was written, the transaction was lost: the step comes again and finds nothing done."""
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    transaction.run("savepoint before")
    lost = doing.to_the_end()
    transaction.run("rollback to before")
    again = doing.to_the_end()
    assert (again.run_id, again.proposed) == (lost.run_id, 1)


def test_a_missing_or_refused_draft_fails_that_customer_alone(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), lapsing("C2"), lapsing("C3"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    doing.brief(run_id)
    doing.write(run_id, "C2")
    doing.write(run_id, "C3")
    draft = doing.files.read(draft_file(run_id, "C3"), Draft)
    doing.files.write(draft_file(run_id, "C3"), draft.model_copy(update={"refused": "the message is empty"}))
    finished = doing.propose(run_id, now=DUE_AT)
    assert (finished.proposed, finished.failed) == (1, 2)
    result = doing.result(run_id)
    assert [(c.customer_id, c.status, c.because.split(";")[0]) for c in result.customers] == [
        ("C1", Status.FAILED, "their message was not written"),
        ("C2", Status.DONE, result.customers[1].because.split(";")[0]),
        ("C3", Status.FAILED, "their message was refused: the message is empty"),
    ]
    actions = transaction.rows("select action from journal_decisions order by customer_id")
    assert [row["action"] for row in actions] == ["fail", "propose", "fail"]


def test_what_is_planned_already_is_skipped(transaction: Transaction) -> None:
    """The ledger has the last word: one intervention for a customer and a day, whoever planned it."""
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    transaction.run("savepoint before")
    doing.to_the_end()
    planned = transaction.rows("select * from outreach")[0]
    transaction.run("rollback to before")
    transaction.run(
        "insert into outreach select * from jsonb_populate_record(cast(null as outreach), cast(:row as jsonb))",
        row=json.dumps({**planned, "state": "cancelled"}, default=str),
    )
    finished = doing.to_the_end()
    assert (finished.proposed, finished.skipped, finished.tell) == (0, 1, False)
    assert "is planned already" in doing.result(finished.run_id).customers[0].because
    assert transaction.row("select action from journal_decisions") == {"action": "skip"}


def test_who_was_treated_in_vain_leaves_the_turn_to_others_for_the_day(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"), lapsing("C2"))
    doing = Scan(transaction)
    doing.to_the_end(max_interventions=1)
    transaction.run("update outreach set state = 'cancelled'")
    same_day = doing.score(DUE_AT + timedelta(hours=9), max_interventions=1).run_id
    assert doing.select(same_day).customers == ("C2",)
    next_day = doing.score(DUE_AT + timedelta(hours=10), max_interventions=1).run_id
    assert doing.select(next_day).customers == ("C1",)


def test_a_scan_that_finds_nobody_ends_quietly(transaction: Transaction) -> None:
    base(transaction, thriving("C1"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    assert doing.select(run_id).customers == ()
    finished = doing.propose(run_id, now=DUE_AT)
    assert (finished.proposed, finished.tell) == (0, False)
    assert doing.result(run_id).customers == ()


def test_an_empty_base_is_no_error(transaction: Transaction) -> None:
    doing = Scan(transaction)
    scored = doing.score()
    assert (scored.claimed, scored.scored) == (True, 0)
    assert doing.select(scored.run_id).at_risk == 0


def escalated(customer_id: str = "C1") -> Record:
    return lapsing(customer_id, segment="VIP", lifetime_value=Decimal(9000), csat_180d=2.5, tickets_overdue=1)


def test_a_person_takes_over_and_the_message_waits_for_them(transaction: Transaction) -> None:
    base(transaction, escalated("C1"), lapsing("C2"))
    doing = Scan(transaction)
    finished = doing.to_the_end()
    (case,) = PostgresCases(transaction).page(state=None, after=None, limit=10)
    assert (case.customer_id, case.cycle, case.run_id) == ("C1", "2025-10-19", finished.run_id)
    assert case.due_at == DUE_AT + timedelta(hours=2)
    assert case.subject == "Take over C1 (VIP, Bronze)"
    assert "a person takes over" in case.because
    planned = transaction.rows("select outreach_id, state from outreach order by customer_id")
    assert [row["state"] for row in planned] == ["held", "scheduled"]
    assert case.outreach_id == planned[0]["outreach_id"]
    result = doing.result(finished.run_id)
    assert (result.cases, result.customers[0].case_id, result.customers[1].case_id) == (1, case.case_id, None)
    assert "A person takes over: 1 case\n" in finished.message
    assert f"   A person takes this over by 2025-10-19 16:30 UTC\n   Case {case.case_id}\n" in finished.message
    entered = transaction.rows("select facts ->> 'case_id' as case_id from journal_decisions order by customer_id")
    assert [row["case_id"] for row in entered] == [str(case.case_id), None]


def test_a_look_at_the_past_asks_nobody_to_take_over(transaction: Transaction) -> None:
    base(transaction, escalated("C1"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    for customer_id in doing.brief(run_id):
        doing.write(run_id, customer_id)
    doing.propose(run_id, now=DUE_AT + timedelta(days=7))
    assert PostgresCases(transaction).page(state=None, after=None, limit=10) == []
    result = doing.result(run_id)
    assert (result.cases, result.customers[0].case_id) == (0, None)


def test_a_rerun_opens_no_second_case(transaction: Transaction) -> None:
    base(transaction, escalated())
    doing = Scan(transaction)
    first = doing.to_the_end()
    doing.propose(first.run_id, now=DUE_AT + timedelta(hours=1))
    transaction.run("update schedules_runs set state = 'running'")
    doing.propose(first.run_id, now=DUE_AT + timedelta(hours=2))
    assert transaction.row("select count(*) as cases from outreach_cases") == {"cases": 1}


def test_a_person_takes_over_even_where_no_message_could_be_written(transaction: Transaction) -> None:
    base(transaction, escalated())
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    doing.brief(run_id)
    finished = doing.propose(run_id, now=DUE_AT)
    (case,) = PostgresCases(transaction).page(state=None, after=None, limit=10)
    assert (case.customer_id, case.outreach_id) == ("C1", None)
    assert (finished.failed, finished.tell) == (1, True)


def test_the_case_and_the_proposal_are_lost_together_or_kept_together(transaction: Transaction) -> None:
    base(transaction, escalated())
    transaction.run("savepoint before")
    Scan(transaction).to_the_end()
    transaction.run("rollback to before")
    counts = "select (select count(*) from outreach) + (select count(*) from outreach_cases) as kept"
    assert transaction.row(counts) == {"kept": 0}


def test_the_next_scan_remembers_what_was_tried(transaction: Transaction) -> None:
    base(transaction, lapsing("C1"))
    doing = Scan(transaction)
    first = doing.to_the_end()
    brief = doing.files.read(brief_file(first.run_id, "C1"), Brief)
    assert brief.context.tried == ()
    for state in ("claimed", "sent", "delivered"):
        transaction.run("update outreach set state = :state", state=state)
    run_id = doing.score(DUE_AT + timedelta(days=12, minutes=5)).run_id
    doing.select(run_id)
    doing.brief(run_id)
    again = doing.files.read(brief_file(run_id, "C1"), Brief)
    assert again.context.tried == ("approached 12 days ago about support: nothing came of it yet",)
    assert again.context.urgency == brief.context.urgency + 1
    assert again.plan.steps[0] == "Try another way than 12 days ago: nothing came of that yet"
    assert PostgresMemory(transaction).of(["C1"], before=DUE_AT) == {}


def test_memory_has_each_intervention_and_what_came_of_it(transaction: Transaction) -> None:
    base(transaction, escalated(), lapsing("C2"), contacts={"C1": {"name": "Grace Chen"}})
    doing = Scan(transaction)
    finished = doing.to_the_end()
    memory = PostgresMemory(transaction)
    (line,) = memory.lines("C1")
    assert (line.action, line.state, line.channel, line.language) == ("propose", "held", "email", "en")
    assert (line.cause, line.run_id, line.rule) == ("recency", finished.run_id, "churn default-v1")
    assert line.seen["segment"] == "VIP"
    assert line.plan is not None and line.plan["escalate"] is True
    assert line.case is not None and (line.case.state, line.case.answer) == ("open", None)
    transaction.run("update outreach_cases set state = 'done', answer = 'handled', done_at = opened_at")
    (later,) = memory.lines("C1")
    assert later.case is not None and (later.case.state, later.case.answer) == ("done", "handled")
    assert "Grace" not in later.model_dump_json() and "body" not in later.model_dump_json()


def test_memory_is_exported_as_one_file_for_each_customer(transaction: Transaction) -> None:
    base(transaction, *(lapsing(f"C{number}") for number in range(3)))
    doing = Scan(transaction)
    doing.to_the_end()
    doing.to_the_end(DUE_AT + timedelta(days=8))
    memory = PostgresMemory(transaction)
    answer = exporting.export(MemoryRequested(customer_ids=("C1", "C9")), memory=memory, files=doing.files)
    assert (answer.customers, answer.nothing, answer.lines, answer.next_after) == (("C1",), ("C9",), 2, None)
    lines = [json.loads(line) for line in doing.files.kept["memory/C1.jsonl"].splitlines()]
    assert [line["customer_id"] for line in lines] == ["C1", "C1"]
    assert [line["decided_at"][:10] for line in lines] == ["2025-10-19", "2025-10-27"]
    everyone = exporting.export(MemoryRequested(), memory=memory, files=doing.files)
    assert (everyone.customers, everyone.next_after) == (("C0", "C1", "C2"), None)


def test_everybody_is_exported_a_part_at_a_time(transaction: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    base(transaction, *(lapsing(f"C{number}") for number in range(5)))
    doing = Scan(transaction)
    doing.to_the_end()
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    seen, after = [], None
    while True:
        request = MemoryRequested(after=after)
        answer = exporting.export(request, memory=PostgresMemory(transaction), files=doing.files)
        seen.append(answer.customers)
        if (after := answer.next_after) is None:
            break
    assert seen == [("C0", "C1"), ("C2", "C3"), ("C4",)]


@pytest.mark.parametrize(("prices", "cost"), [(None, None), (Prices(input_million=10, output_million=100), 0.025)])
def test_a_scan_says_what_its_model_was_asked(
    transaction: Transaction, prices: Prices | None, cost: float | None
) -> None:
    base(transaction, lapsing("C1"), lapsing("C2"), lapsing("C3"))
    doing = Scan(transaction)
    run_id = doing.score().run_id
    doing.select(run_id)
    doing.brief(run_id, Allowance(calls_per_run=3, calls_per_letter=2))
    calls = [doing.files.read(brief_file(run_id, c), Brief).model_calls for c in ("C1", "C2", "C3")]
    assert calls == [2, 1, 0]
    for customer_id in ("C1", "C2", "C3"):
        doing.write(run_id, customer_id)
    for customer_id, asked in (("C1", 2), ("C2", 1)):
        draft = doing.files.read(draft_file(run_id, customer_id), Draft)
        use = Asked(model="m", calls=asked, input_tokens=500 * asked, output_tokens=50, wrote=customer_id == "C2")
        doing.files.write(draft_file(run_id, customer_id), draft.model_copy(update={"model": use}))
    finished = doing.propose(run_id, now=DUE_AT, prices=prices)
    result = doing.result(run_id)
    assert (result.model_calls, result.model_letters, result.input_tokens, result.output_tokens) == (
        3,
        1,
        1500,
        100,
    )
    assert result.estimated_cost == (None if cost is None else pytest.approx(cost))
    told = "Language model: 3 calls, 1 message taken; 1500 tokens in, 100 out"
    assert f"{told}\n" in finished.message if cost is None else f"{told}, about 0.0250\n" in finished.message
    entered = transaction.rows(
        "select facts -> 'model' ->> 'calls' as calls from journal_decisions order by customer_id"
    )
    assert [row["calls"] for row in entered] == ["2", "1", None]
