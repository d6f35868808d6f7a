"""Which answers of Step Functions leave a start for another attempt, and that one attempt asks once."""

from collections.abc import Iterator

import pytest

from beforehand.adapters import step_functions
from beforehand.adapters.step_functions import StepFunctions
from beforehand.errors import NotNowError, RefusedError
from tests.outbox.endpoint import answered, forget_clients


@pytest.fixture(autouse=True)
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    forget_clients()
    yield
    forget_clients()


def start() -> bool:
    return StepFunctions().start("arn:of:a:machine", name="asked-for-1", input="{}")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
        (400, "ThrottlingException"),
        (400, "ExecutionLimitExceeded"),
        (400, "ExpiredTokenException"),
        (400, "AccessDeniedException"),
        (400, "KmsAccessDeniedException"),
        (400, "KmsInvalidStateException"),
        (400, "KmsThrottlingException"),
    ],
)
def test_what_passes_or_an_operator_mends_is_left_for_another_attempt(status: int, code: str) -> None:
    asked = answered(step_functions._client(), "sfn.StartExecution", status=status, code=code)
    with pytest.raises(NotNowError, match=f"Step Functions answered {code}"):
        start()
    assert len(asked) == 1, "the row is the retry"


@pytest.mark.parametrize("code", ["StateMachineDoesNotExist", "InvalidExecutionInput", "InvalidName"])
def test_what_stays_as_it_is_is_refused(code: str) -> None:
    answered(step_functions._client(), "sfn.StartExecution", status=400, code=code)
    with pytest.raises(RefusedError, match=f"Step Functions refused it: {code}"):
        start()
