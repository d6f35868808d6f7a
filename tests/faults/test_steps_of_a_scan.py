"""The steps of a scan on the real database, while things go wrong."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from beforehand.adapters.postgres import PostgresDatabase, Transaction
from beforehand.churn import briefing, proposing, scan, writing
from beforehand.churn.allowance import Allowance
from beforehand.churn.documents import Draft, ScanResult, draft_file, result_file
from beforehand.churn.memory_store import PostgresMemory
from beforehand.churn.model import Trigger
from beforehand.churn.profile import DEFAULT_V1
from beforehand.churn.store.candidates import PostgresCandidates
from beforehand.churn.store.scores import PostgresScores
from beforehand.churn.templates import TemplateWriter
from beforehand.customers.service import import_file
from beforehand.customers.store import PostgresImport
from beforehand.events.churn import (
    MessageRequested,
    ScanFinished,
    ScanRequested,
    ScanScored,
    ScanSelected,
    ScanStep,
)
from beforehand.journal.store import PostgresJournal
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status
from beforehand.schedules.store import PostgresRuns
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.sample import company
from tests.conftest import connect, empty
from tests.customers.files import sheet
from tests.fakes import MemoryFiles

TODAY = date(2026, 1, 15)
DUE_AT = datetime(2026, 1, 15, 9, tzinfo=UTC)
NOW = DUE_AT + timedelta(seconds=1)
COMPANY = "Beforehand Demo"
USUAL = Trigger(health_threshold=40, risk_threshold=0.6, max_interventions=10)
TABLES = (
    "customers",
    "customers_purchases",
    "schedules_runs",
    "churn_scores",
    "churn_candidates",
    "outreach",
    "journal_decisions",
)


class Scan:
    """One scan, step by step, as the state machine takes it through its functions."""

    def __init__(
        self, database: PostgresDatabase, files: MemoryFiles, company: company.Company | None = None
    ) -> None:
        self.database, self.files, self.company = database, files, company

    def import_again(self) -> None:
        assert self.company is not None
        with self.database.transaction() as t:
            load(t, "customers", self.company.customers.read_text(encoding="utf-8"))
        with self.database.transaction() as t:
            load(t, "purchases", self.company.purchases.read_text(encoding="utf-8"))

    def score(self, *, execution: str = "one", due_at: datetime = DUE_AT) -> ScanScored:
        request = ScanRequested(due_at=due_at, execution=execution)
        with self.database.transaction() as t:
            return scan.score(
                request, runs=PostgresRuns(t), scores=PostgresScores(t), profile=DEFAULT_V1, now=max(due_at, NOW)
            )

    def select(self, run_id: UUID) -> ScanSelected:
        with self.database.transaction() as t:
            return scan.select(
                ScanStep(run_id=run_id), runs=PostgresRuns(t), scores=PostgresScores(t),
                candidates=PostgresCandidates(t), profile=DEFAULT_V1, usual=USUAL,
                policy=ContactPolicy(holdout_shares={}),
                journal=PostgresJournal(t), now=DUE_AT,
            )  # fmt: skip

    def brief(self, run_id: UUID) -> None:
        with self.database.transaction() as t:
            briefing.brief(
                ScanStep(run_id=run_id), runs=PostgresRuns(t), scores=PostgresScores(t),
                candidates=PostgresCandidates(t), memory=PostgresMemory(t), files=self.files, profile=DEFAULT_V1,
                allowance=Allowance(),
            )  # fmt: skip

    def write(self, run_id: UUID, customer_id: str) -> None:
        request = MessageRequested(run_id=run_id, customer_id=customer_id)
        writing.write(request, files=self.files, writer=TemplateWriter(COMPANY), company=COMPANY)

    def propose(self, run_id: UUID) -> ScanFinished:
        with self.database.transaction() as t:
            return proposing.propose(
                ScanStep(run_id=run_id), runs=PostgresRuns(t), candidates=PostgresCandidates(t),
                outreach=PostgresOutreach(t), cases=PostgresCases(t), journal=PostgresJournal(t),
                files=self.files, now=NOW,
            )  # fmt: skip

    def all_steps(self, *, times: int = 1) -> UUID:
        """Every step in its order, each taken so many times."""

        def take(step: Callable[..., Any], *arguments: Any) -> Any:
            return [step(*arguments) for _ in range(times)][-1]

        run_id = take(self.score).run_id
        customers = take(self.select, run_id).customers
        take(self.brief, run_id)
        for customer_id in customers:
            take(self.write, run_id, customer_id)
        take(self.propose, run_id)
        return run_id

    def state(self) -> dict[str, list[dict[str, Any]]]:
        with self.database.transaction() as t:
            return {table: t.rows(f"select * from {table} order by 1, 2") for table in TABLES}


@pytest.fixture
def base(
    postgres: Postgres, database: PostgresDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scan]:
    """The sample company, committed; everything is taken out again after the test."""
    files = company.write(tmp_path_factory.mktemp("company"), today=TODAY, customers=200)
    installed = Scan(database, MemoryFiles(), files)
    installed.import_again()
    yield installed
    clear(postgres)


def together(*tasks: Callable[[], None]) -> None:
    """Runs all at once and waits for the end of each."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load(transaction: Transaction, kind: Any, text: str) -> None:
    import_file(f"imports/{kind}/x.csv", kind, sheet(text, kind), PostgresImport(transaction), now=NOW)


def clear(server: Postgres) -> None:
    """Takes everything out but what migrations put in."""
    connection = connect(server)
    tables = connection.run(
        """select tablename from pg_tables where schemaname = 'public' and tablename not like '%yoyo%'
           and tablename not in ('outreach_moves', 'outreach_channels', 'outreach_policies')"""
    )
    connection.close()
    empty(server, (name for (name,) in tables))


@pytest.mark.fault(1)
def test_steps_that_are_taken_twice_change_nothing_the_second_time(base: Scan, postgres: Postgres) -> None:
    base.all_steps()
    once, files = base.state(), dict(base.files.kept)
    assert len(once["outreach"]) == 10
    assert len(once["customers"]) == 200
    base.import_again()
    base.all_steps(times=2)
    assert base.state() == once
    assert base.files.kept == files


def test_two_runs_of_one_due_time_become_one(base: Scan, postgres: Postgres) -> None:
    answers: list[ScanScored] = []

    def start(execution: str) -> None:
        own = Scan(PostgresDatabase(base.database._connecting), base.files)
        answers.append(own.score(execution=execution))

    together(*(partial(start, f"execution {n}") for n in range(6)))
    assert sorted(answer.claimed for answer in answers) == [False] * 5 + [True]
    assert len(base.state()["schedules_runs"]) == 1


@pytest.mark.fault(9)
def test_two_deliveries_of_the_last_step_say_the_same(base: Scan) -> None:
    run_id = base.score().run_id
    customers = base.select(run_id).customers
    base.brief(run_id)
    for customer_id in customers:
        base.write(run_id, customer_id)
    answers: list[ScanFinished] = []
    both = threading.Barrier(2)

    def deliver() -> None:
        own = Scan(PostgresDatabase(base.database._connecting), base.files)
        both.wait()
        answers.append(own.propose(run_id))

    together(deliver, deliver)
    assert [(answer.proposed, answer.skipped, answer.tell) for answer in answers] == [(10, 0, True)] * 2
    assert base.files.read(result_file(run_id), ScanResult).proposed == 10


def test_a_scan_chooses_by_its_own_scores_whoever_scored_since(base: Scan) -> None:
    now = base.score()
    alone = base.select(now.run_id).at_risk
    past = base.score(execution="past", due_at=DUE_AT - timedelta(days=300))
    later = base.score(execution="later", due_at=DUE_AT + timedelta(minutes=5))
    base.score(execution="older still", due_at=DUE_AT - timedelta(days=200))
    chosen_past, chosen_later = base.select(past.run_id), base.select(later.run_id)
    assert chosen_later.at_risk == alone
    assert chosen_past.at_risk != alone


@pytest.mark.fault(15)
def test_a_step_whose_connection_is_ended_leaves_nothing_and_can_be_taken_again(
    base: Scan, postgres: Postgres
) -> None:
    run_id = base.score().run_id
    superuser = postgres.connect("postgres")
    with pytest.raises((InterfaceError, DatabaseError, OSError)), base.database.transaction() as transaction:
        transaction.run("update churn_scores set health = 0")
        superuser.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'beforehand_app_rw'")
        transaction.run("update churn_scores set risk = 1")
    superuser.close()
    with base.database.transaction() as t:
        assert t.row("select count(*) as spoilt from churn_scores where health = 0 and risk = 1") == {"spoilt": 0}
    assert len(base.select(run_id).customers) == 10


@pytest.mark.fault(23)
def test_a_message_that_is_missing_is_named_and_the_others_go_on(base: Scan) -> None:
    run_id = base.score().run_id
    lost, *written = base.select(run_id).customers
    base.brief(run_id)
    for customer_id in written:
        base.write(run_id, customer_id)
    finished = base.propose(run_id)
    assert (finished.proposed, finished.failed) == (9, 1)
    assert finished.tell
    result = base.files.read(result_file(run_id), ScanResult)
    failed = [one for one in result.customers if one.status is Status.FAILED]
    assert [one.customer_id for one in failed] == [lost]
    assert failed[0].because
    assert base.files.find(draft_file(run_id, lost), Draft) is None


@pytest.mark.fault(24)
def test_a_step_of_an_old_run_changes_nothing_days_later(base: Scan) -> None:
    old = base.all_steps()
    later = base.score(execution="later", due_at=DUE_AT + timedelta(days=9))
    before = base.state()
    base.propose(old)
    assert base.state() == before
    assert len(base.select(later.run_id).customers) == 10
