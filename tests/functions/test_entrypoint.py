"""Every handler checks what it is given, answers JSON, and logs ids and figures only."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pg8000.exceptions import DatabaseError
from pydantic import ValidationError

from beforehand.churn.documents import Draft
from beforehand.entrypoint import TaskFailedError, task
from beforehand.errors import InvalidEventError
from beforehand.events.churn import ScanFinished, ScanRequested
from beforehand.events.customers import ImportFinished
from beforehand.results import Status


@pytest.fixture(autouse=True)
def own_logger(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Loggers are kept by service name and hold the stream they were made with; each test gets its own."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)


EVENT = {"due_at": "2026-01-15T09:00:00Z", "execution": "e"}


def finished(event: ScanRequested) -> ScanFinished:
    return ScanFinished(
        run_id=uuid4(), proposed=1, skipped=0, failed=0, tell=True, subject="About Asha", message="Asha is leaving"
    )


def test_answers_what_the_use_case_answers() -> None:
    answer = task(ScanRequested, lambda event: event)(EVENT, None)
    assert datetime.fromisoformat(answer["due_at"]) == datetime(2026, 1, 15, 9, tzinfo=UTC)
    assert json.dumps(answer)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "due_at: Field required"),
        ({**EVENT, "due_at": "2026-01-15T09:00:00"}, "due_at: Input should have timezone info"),
        ({**EVENT, "risk_threshold": 60}, "risk_threshold: Input should be less than or equal to 1"),
    ],
)
def test_refuses_an_event_of_another_shape(event: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidEventError, match=named):
        task(ScanRequested, finished)(event, None)


def test_logs_no_name_and_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    task(ScanRequested, finished)(EVENT, None)
    logged = capsys.readouterr().out
    assert '"proposed":1' in logged.replace(" ", "")
    assert "Asha" not in logged


def test_an_error_that_nobody_foresaw_is_named_and_its_text_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(event: ScanRequested) -> ScanFinished:
        raise DatabaseError({"C": "23505", "D": "Failing row contains (Asha, asha@customers.example)"})

    with pytest.raises(TaskFailedError) as raised:
        task(ScanRequested, failing)(EVENT, None)
    assert str(raised.value) == "DatabaseError 23505"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    logged = capsys.readouterr().out
    assert '"level":"ERROR"' in logged.replace(" ", "")
    assert "test_entrypoint.py" in logged
    assert "Asha" not in logged


def test_a_document_that_is_refused_does_not_quote_itself() -> None:
    with pytest.raises(ValidationError) as raised:
        Draft.model_validate_json('{"subject": {"x": "Dear Asha"}}')
    assert "Asha" not in str(raised.value)


def test_logs_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    answer = ImportFinished(
        file="imports/customers/x.csv", kind="customers", status=Status.DONE, rows=1, added=1, changed=0,
        unchanged=0, refused_rows=0, because="b",
    )  # fmt: skip
    task(ScanRequested, lambda event: answer)(EVENT, None)
    assert '"status":"done"' in capsys.readouterr().out.replace(" ", "")
