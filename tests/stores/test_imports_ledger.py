"""An upload is worked on once: entered, held while it runs, answered the same ever after."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.customers import wiring
from beforehand.customers.ledger import PostgresImports
from beforehand.customers.model import Upload
from beforehand.events.customers import ImportFinished, ImportProgress, import_progress_file, import_result_file
from beforehand.results import Status
from beforehand_cli.local.postgres import Postgres
from tests.conftest import connect
from tests.customers.files import UploadedFiles, excel

TEXT = "customer_id,nps\nL1,7\nL2,8\nL3,99\n"


@pytest.fixture(autouse=True)
def clean(database: PostgresDatabase) -> Iterator[None]:
    yield
    with database.transaction() as transaction:
        transaction.run("delete from customers where customer_id like 'L%'")
        transaction.run("delete from customers_imports")


def upload(content: bytes | str, files: UploadedFiles, *, kind: str = "customers", name: str = "") -> str:
    key = f"imports/{kind}/{name or uuid4()}.csv"
    files.uploaded[key] = content.encode() if isinstance(content, str) else content
    return key


def listed(database: PostgresDatabase) -> list[dict[str, Any]]:
    with database.transaction() as transaction:
        return transaction.rows("select * from customers_v_imports order by started_at")


def test_an_import_stands_in_the_ledger_with_what_it_did(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    files.metadata = {"file-name": "K%C3%A4ufer%20%E2%9C%93.csv", "uploaded-by": "asha"}
    key = upload(TEXT, files)
    answer = wiring.take(key, files, database)
    assert (answer.status, answer.rows, answer.added, answer.refused_rows) == (Status.DONE, 3, 2, 1)
    (entry,) = listed(database)
    assert (str(entry["import_id"]), entry["key"]) == (key[len("imports/customers/") : -len(".csv")], key)
    assert (entry["file_name"], entry["uploaded_by"]) == ("Käufer ✓.csv", "asha")
    assert (entry["state"], entry["rows"], entry["added"], entry["refused_rows"]) == ("done", 3, 2, 1)
    assert entry["finished_at"] >= entry["started_at"]
    assert files.read(import_result_file(key), ImportFinished) == answer


def test_a_second_delivery_is_answered_the_same_and_reads_nothing(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    key = upload(TEXT, files)
    first = wiring.take(key, files, database)
    with database.transaction() as transaction:
        transaction.run("update customers set nps = 1 where customer_id = 'L1'")
    files.kept.clear()
    assert wiring.take(key, files, database) == first
    assert files.read(import_result_file(key), ImportFinished) == first
    with database.transaction() as transaction:
        assert transaction.row("select nps from customers where customer_id = 'L1'") == {"nps": 1}
    assert len(listed(database)) == 1


def test_a_name_that_a_person_chose_may_hold_another_file_tomorrow(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    key = upload("customer_id\nL1\n", files, name="customers")
    assert wiring.take(key, files, database).added == 1
    files.uploaded[key] = b"customer_id\nL1\nL2\n"
    assert wiring.take(key, files, database).added == 1
    assert [entry["state"] for entry in listed(database)] == ["done", "done"]


def test_a_file_that_is_refused_says_why_in_the_ledger_and_takes_nothing(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    key = upload('customer_id,name\nL1,Asha\nL2,"Ben\n', files)
    answer = wiring.take(key, files, database)
    assert answer.status is Status.FAILED
    assert "line 3" in answer.because
    assert [(entry["state"], entry["because"]) for entry in listed(database)] == [("failed", answer.because)]
    with database.transaction() as transaction:
        assert transaction.rows("select customer_id from customers where customer_id like 'L%'") == []
    assert wiring.take(key, files, database) == answer


def test_an_import_that_itself_failed_is_tried_again(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = UploadedFiles()
    key = upload(TEXT, files)

    def broken(*_: object, **__: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(wiring, "import_file", broken)
        with pytest.raises(ConnectionResetError):
            wiring.take(key, files, database)
    assert files.read(import_result_file(key), ImportFinished).status is Status.FAILED
    assert [(entry["state"], entry["finished_at"] is None) for entry in listed(database)] == [("failed", False)]
    assert wiring.take(key, files, database).added == 2
    assert [entry["state"] for entry in listed(database)] == ["done"]


def test_a_mapping_lies_beside_the_file(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    key = upload("Nr;Note\nL1;7\n", files)
    place = f"import-mappings/{key.rpartition('/')[2].removesuffix('.csv')}.json"
    files.uploaded[place] = b'{"columns": {"customer_id": "Nr", "nps": "Note"}}'
    assert wiring.take(key, files, database).added == 1
    bad = upload("Nr;Note\nL1;7\n", files)
    files.uploaded[place.replace(place[16:-5], bad.rpartition("/")[2][:-4])] = b'{"columns": {"customer_id": "No"}}'
    assert "the header lacks No" in wiring.take(bad, files, database).because


def test_excel_gives_the_same_answer_as_text(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    text = wiring.take(upload(TEXT, files), files, database)
    same = wiring.take(
        upload(excel([("customer_id", "nps"), ("L1", 7), ("L2", 8), ("L3", 99)]), files), files, database
    )
    assert (text.added, same.unchanged) == (2, 2)
    assert same.refused == text.refused


@pytest.mark.parametrize("same_upload", [False, True], ids=["two uploads of it", "two deliveries of one upload"])
def test_the_same_file_twice_at_once_ends_twice_and_counts_once(postgres: Postgres, same_upload: bool) -> None:
    content = "customer_id,nps\n" + "".join(f"L{n:05},7\n" for n in range(20_000))
    files = UploadedFiles()
    keys = [upload(content, files)] * 2 if same_upload else [upload(content, files), upload(content, files)]
    answers: list[ImportFinished] = []
    together = threading.Barrier(2)

    def run(key: str) -> None:
        own = PostgresDatabase(lambda: connect(postgres))
        together.wait()
        answers.append(wiring.take(key, files, own))

    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = PostgresDatabase(lambda: connect(postgres))
    with database.transaction() as transaction:
        assert transaction.row("select count(*) from customers where customer_id like 'L%'") == {"count": 20_000}
    assert sum(answer.added for answer in answers) == 20_000 * (2 if same_upload else 1)
    assert all(answer.added + answer.unchanged == answer.rows == 20_000 for answer in answers)
    assert (answers[0] == answers[1]) == same_upload
    assert [entry["state"] for entry in listed(database)] == ["done"] * len(set(keys))


def test_many_deliveries_of_one_upload_at_once_open_it_once(postgres: Postgres) -> None:
    now = datetime(2026, 1, 15, 9, tzinfo=UTC)
    own = [PostgresDatabase(lambda: connect(postgres)) for _ in range(8)]
    together, refused = threading.Barrier(len(own)), list[Exception]()

    def begin(database: PostgresDatabase, upload: Upload) -> None:
        with database.transaction() as transaction:
            transaction.run("select 1")
            together.wait()
            try:
                PostgresImports(transaction).begin(upload)
            except Exception as error:
                refused.append(error)

    for number in range(20):
        one = Upload(
            import_id=uuid4(), key=f"at once {number}", file_name="f", kind="customers", uploaded_by=None,
            started_at=now,
        )  # fmt: skip
        threads = [threading.Thread(target=begin, args=(database, one)) for database in own]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refused == []


def test_an_import_that_was_killed_is_ended_by_the_next_and_one_that_runs_is_not(postgres: Postgres) -> None:
    now = datetime(2026, 1, 15, 9, tzinfo=UTC)
    database, other = (PostgresDatabase(lambda: connect(postgres)) for _ in range(2))

    def entry(name: str, started_at: datetime) -> Upload:
        return Upload(
            import_id=uuid4(), key=name, file_name=name, kind="customers", uploaded_by=None, started_at=started_at
        )

    long_ago = now - timedelta(minutes=30)
    killed, runs = entry("killed", long_ago), entry("runs", long_ago)
    for one in (killed, runs):
        with database.transaction() as transaction:
            PostgresImports(transaction).begin(one)
    with other.transaction() as holding:
        assert PostgresImports(holding).hold(runs) is None
        with database.transaction() as transaction:
            PostgresImports(transaction).begin(entry("next", now))
    assert {e["key"]: e["state"] for e in listed(database)} == {
        "killed": "failed",
        "runs": "running",
        "next": "running",
    }
    with database.transaction() as transaction:
        assert PostgresImports(transaction).begin(killed) is None


def test_a_long_import_says_how_far_it_has_come(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = UploadedFiles()
    seconds = iter(range(0, 10_000, 2))
    monkeypatch.setattr(wiring, "monotonic", lambda: float(next(seconds)))
    told: list[ImportProgress] = []
    monkeypatch.setattr(files, "write", lambda key, document: told.append(document) if "progress" in key else None)
    key = upload("customer_id\n" + "".join(f"L{n:05}\n" for n in range(6_000)), files)
    wiring.take(key, files, database)
    assert [(p.rows, p.phase) for p in told] == [(2_000, "reading"), (4_000, "reading"), (6_000, "reading"),
                                                 (6_000, "merging")]  # fmt: skip
    assert import_progress_file(key) == f"import-results/{key[8:]}.progress.json"


def test_rows_that_stand_twice_are_counted_all_and_shown_a_hundred(database: PostgresDatabase) -> None:
    files = UploadedFiles()
    text = "customer_id\n" + "L1\n" * 5_000
    answer = wiring.take(upload(text, files), files, database)
    assert (answer.rows, answer.added, answer.refused_rows, len(answer.refused)) == (5_000, 1, 4_999, 100)
    assert (answer.refused[0].line, answer.refused[-1].line) == (3, 102)
    key = upload(text, files)
    files.uploaded[f"import-mappings/{key[18:-4]}.json"] = b'{"file": {"doubled": "first"}}'
    first = wiring.take(key, files, database)
    assert (first.rows, first.added, first.unchanged, first.refused_rows) == (5_000, 0, 5_000, 0)
    assert "4,999 rows repeat a customer" in first.because
