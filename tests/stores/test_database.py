"""The database is made ready by steps that can be repeated, and killed, at any point."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pg8000 import dbapi, native
from pg8000.exceptions import DatabaseError

from beforehand.adapters.postgres import STATEMENTS_KEPT, PostgresDatabase, Transaction
from beforehand.database import migrations, setup
from beforehand.errors import NotFoundError
from beforehand.events.database import (
    CustomResourceAnswer,
    CustomResourceRequest,
    DatabaseMigrate,
    DatabaseMigrated,
)
from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand_cli.local.node import ensure_tools
from beforehand_cli.local.postgres import Postgres, throwaway
from beforehand_cli.local.state import StateDirectory
from tests.conftest import MIGRATIONS, ROOT, connect, prepare


def apply(server: Postgres, folder: Path) -> tuple[str, ...]:
    """Migrates as `database_migrate` does: one connection, which is closed whatever happens."""
    connection = dbapi.connect(
        user=DatabaseRole.MIGRATOR, unix_sock=str(server.socket), ssl_context=False, database=DATABASE_NAME
    )
    try:
        return migrations.apply(connection, folder)
    finally:
        connection.close()


def tables(server: Postgres, pattern: str) -> list[str]:
    connection = connect(server)
    found = connection.run("select tablename from pg_tables where tablename like :p order by 1", p=pattern)
    connection.close()
    return [row[0] for row in found]


def test_every_migration_is_applied_once(postgres: Postgres) -> None:
    assert apply(postgres, MIGRATIONS) == ()


def test_a_migration_that_fails_leaves_nothing_behind(postgres: Postgres, tmp_path: Path) -> None:
    (tmp_path / "9001.good.sql").write_text("create table kept_by_the_first (id int);")
    (tmp_path / "9002.bad.sql").write_text(
        "-- depends: 9001.good\ncreate table undone_by_the_second (id int);\nselect 1 / 0;"
    )
    with pytest.raises(DatabaseError, match="division by zero"):
        apply(postgres, tmp_path)
    assert tables(postgres, "%_by_the_%") == ["kept_by_the_first"]
    (tmp_path / "9002.bad.sql").write_text("-- depends: 9001.good\ncreate table undone_by_the_second (id int);")
    assert apply(postgres, tmp_path) == ("9002.bad",)
    assert tables(postgres, "%_by_the_%") == ["kept_by_the_first", "undone_by_the_second"]


def test_the_roles_have_the_rights_they_need_and_no_more(postgres: Postgres) -> None:
    reader = postgres.connect(DatabaseRole.APP_RO)
    assert reader.run("select count(*) from customers") is not None
    with pytest.raises(DatabaseError, match="permission denied"):
        reader.run("insert into customers (customer_id, updated_at) values ('C1', now())")
    reader.close()
    worker = connect(postgres)
    with pytest.raises(DatabaseError, match="permission denied"):
        worker.run("create table stray (id int)")
    worker.close()


def test_a_connection_that_went_stale_is_made_again(postgres: Postgres) -> None:
    database = PostgresDatabase(lambda: connect(postgres))
    with database.transaction() as transaction:
        pid = transaction.row("select pg_backend_pid() as pid")
    superuser = postgres.connect("postgres")
    superuser.run("select pg_terminate_backend(:pid)", pid=pid and pid["pid"])
    superuser.close()
    with database.transaction() as transaction:
        assert transaction.row("select 1 as one") == {"one": 1}


def test_a_transaction_that_raises_leaves_nothing(database: PostgresDatabase) -> None:
    with pytest.raises(RuntimeError), database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values ('C-undone', now())")
        raise RuntimeError
    with database.transaction() as transaction:
        assert transaction.row("select from customers where customer_id = 'C-undone'") is None


def test_what_we_refuse_ourselves_is_undone_on_a_connection_that_is_kept(postgres: Postgres) -> None:
    made: list[native.Connection] = []

    def connecting() -> native.Connection:
        made.append(connect(postgres))
        return made[-1]

    database = PostgresDatabase(connecting)
    with pytest.raises(NotFoundError), database.transaction() as transaction:
        transaction.run("insert into customers (customer_id, updated_at) values ('C-refused', now())")
        raise NotFoundError("nothing is there")
    with database.transaction() as transaction:
        assert transaction.row("select from customers where customer_id = 'C-refused'") is None
    assert len(made) == 1
    made[0].close()
    with database.transaction() as transaction:
        assert transaction.row("select 1 as one") == {"one": 1}


def kept(transaction: Transaction) -> int:
    [found] = transaction.rows("select count(*) as kept from pg_prepared_statements")
    return int(found["kept"])


def test_a_statement_is_read_once_and_so_many_are_kept(database: PostgresDatabase) -> None:
    one = "select cast(:one as int) as one"
    for _ in range(2):
        with database.transaction() as transaction:
            for number in range(10):
                assert transaction.rows(one, one=number) == [{"one": number}]
            assert kept(transaction) == 1
    with database.transaction() as transaction:
        for number in range(STATEMENTS_KEPT + 5):
            transaction.rows(f"select cast(:given as int) as number_{number}", given=number)
        assert kept(transaction) == STATEMENTS_KEPT
        assert transaction.rows(one, one=7) == [{"one": 7}]


def test_a_statement_that_was_refused_can_be_asked_again(database: PostgresDatabase) -> None:
    divided = "select 1 / cast(:by as int) as part"
    for by in (1, 0, 1):
        with suppress(DatabaseError), database.transaction() as transaction:
            assert transaction.rows(divided, by=by) == [{"part": 1}]
            assert by == 1


def test_a_temporary_table_stands_before_a_lasting_one_of_its_name(postgres: Postgres) -> None:
    connection = connect(postgres)
    database = PostgresDatabase(lambda: connection)
    count = "select count(*) as there from outreach_channels where channel <> :but"
    made = "create temporary table outreach_channels (like public.outreach_channels) on commit drop"
    for _ in range(3):
        with database.transaction() as transaction:
            [before] = transaction.rows(count, but="nothing")
            assert before["there"] > 0
            transaction.run(made)
            assert transaction.rows(count, but="nothing") == [{"there": 0}]
            assert kept(transaction) == 1
    # The driver looks through the names in use for each statement that it prepares.
    assert len(connection._statement_nums) == 1
    connection.close()


def test_a_column_that_is_added_meanwhile_stops_nobody(postgres: Postgres, database: PostgresDatabase) -> None:
    superuser = postgres.connect("postgres")
    superuser.run("create table grows (id int)")
    superuser.run(f"grant select on grows to {DatabaseRole.APP_RW}")
    asked = ("select * from grows where id <> :id", "select g.* from grows as g where id <> :id",
             "select id from grows where id <> :id")  # fmt: skip
    try:
        for column in ("first", "second"):
            with database.transaction() as transaction:
                for statement in asked:
                    transaction.rows(statement, id=1)
            superuser.run(f"alter table grows add column {column} int")
    finally:
        with database.transaction() as transaction:
            assert transaction.rows(asked[0], id=1) == []
        superuser.run("drop table grows")
        superuser.close()


def test_a_fresh_server_is_prepared_from_nothing_and_again() -> None:
    with throwaway(ensure_tools(StateDirectory.of(ROOT)).postgres()) as server:
        prepare(server)
        prepare(server)
        assert tables(server, "schedules_runs") == ["schedules_runs"]


class Migrator:
    """`database_migrate` in memory: not ready until the master's word was given."""

    def __init__(self, *, ready: bool, ever: bool = True) -> None:
        self.ready, self.ever = ready, ever
        self.asked: list[DatabaseMigrate] = []

    def migrate(self, request: DatabaseMigrate) -> DatabaseMigrated:
        self.asked.append(request)
        self.ready = self.ready or (self.ever and request.master_password is not None)
        return DatabaseMigrated(ready=self.ready, because="as it is")


class Secret:
    """The master's secret; counts how often it is read."""

    reads = 0

    def read(self) -> tuple[str, str]:
        self.reads += 1
        return "beforehand_master", "secret"


class Answers:
    """CloudFormation in memory."""

    def __init__(self) -> None:
        self.given: list[CustomResourceAnswer] = []

    def answer(self, url: str, answer: CustomResourceAnswer) -> None:
        self.given.append(answer)


def asked(kind: str = "Create") -> CustomResourceRequest:
    return CustomResourceRequest.model_validate(
        {"RequestType": kind, "ResponseURL": "u", "StackId": "s", "RequestId": "r", "LogicalResourceId": "Database"}
    )


def test_the_masters_secret_is_read_only_while_the_roles_are_missing() -> None:
    for ready, reads in ((True, 0), (False, 1)):
        migrator, secret, answers = Migrator(ready=ready), Secret(), Answers()
        setup.fulfil(asked(), migrator=migrator, secret=secret, cloudformation=answers)
        assert secret.reads == reads
        assert answers.given[0].Status == "SUCCESS"


def test_cloudformation_is_answered_even_when_it_cannot_be_done() -> None:
    answers = Answers()
    with pytest.raises(setup.DatabaseNotReadyError):
        setup.fulfil(asked(), migrator=Migrator(ready=False, ever=False), secret=Secret(), cloudformation=answers)
    assert answers.given[0].Status == "FAILED"
    assert "not ready" in answers.given[0].Reason
    assert "secret" not in answers.given[0].Reason


def test_taking_down_touches_nothing() -> None:
    migrator, answers = Migrator(ready=True), Answers()
    setup.fulfil(asked("Delete"), migrator=migrator, secret=Secret(), cloudformation=answers)
    assert migrator.asked == []
    assert answers.given[0].Status == "SUCCESS"


def test_texts_in_an_array_and_moments_come_back_as_they_went(database: PostgresDatabase) -> None:
    texts = ["plain", "", "NULL", 'a "quoted" one', "back\\slash", "{braces, and commas}", "नमस्ते", "two\nlines"]
    moments = [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 11, 27, 9, 30, 15, 123_456, tzinfo=UTC)]
    with database.transaction() as transaction:
        found = transaction.row("select cast(:texts as text[]) as texts", texts=texts)
        assert found == {"texts": texts}
        for moment in moments:
            found = transaction.row("select cast(:moment as timestamptz) as moment", moment=moment)
            assert found == {"moment": moment}
        transaction.run("set local timezone = 'Asia/Kolkata'")
        found = transaction.row("select cast(:moment as timestamptz) as moment", moment=moments[1])
        assert found == {"moment": moments[1]}
        found = transaction.row("select cast('infinity' as timestamptz) as moment")
        assert found == {"moment": "infinity"}
