"""Which answers of Step Functions leave a start for another attempt, and that one attempt asks once."""

import json
from collections.abc import Callable, Iterator

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from beforehand.adapters import step_functions
from beforehand.adapters.step_functions import StepFunctions
from beforehand.errors import NotNowError, RefusedError
from tests.outbox.endpoint import forget_clients

Answered = Callable[[int, str], list[str]]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answered]:
    """Has the client get an answer of this status and code before anything leaves; gives what was asked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    forget_clients()

    def answer_with(status: int, code: str) -> list[str]:
        asked: list[str] = []

        def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            asked.append(str(request.url))
            response = AWSResponse(request.url, status, HeadersDict({"x-amzn-requestid": "1"}), None)
            response._content = json.dumps({"__type": code, "message": "so it is"}).encode()
            return response

        step_functions._client().meta.events.register("before-send.sfn.StartExecution", answer)
        return asked

    yield answer_with
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
def test_what_passes_or_an_operator_mends_is_left_for_another_attempt(
    answered: Answered, status: int, code: str
) -> None:
    asked = answered(status, code)
    with pytest.raises(NotNowError, match=f"Step Functions answered {code}"):
        start()
    assert len(asked) == 1, "the row is the retry"


@pytest.mark.parametrize("code", ["StateMachineDoesNotExist", "InvalidExecutionInput", "InvalidName"])
def test_what_stays_as_it_is_is_refused(answered: Answered, code: str) -> None:
    answered(400, code)
    with pytest.raises(RefusedError, match=f"Step Functions refused it: {code}"):
        start()
