"""Starts executions of a state machine."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError, RefusedError

PASSING = frozenset({"ExecutionLimitExceeded", "ExpiredTokenException", "KmsThrottlingException"})
"""Answers that blame the request although another moment would do, besides throttling."""


class StepFunctions:
    """The state machines."""

    def start(self, machine: str, *, name: str, input: str) -> bool:
        """Starts an execution; False when one of that name was started before. Asking again changes nothing.

        Raises NotNowError when another attempt may succeed, RefusedError when none will.
        """
        states = _client()
        try:
            states.start_execution(stateMachineArn=machine, name=name, input=input)
        except states.exceptions.ExecutionAlreadyExists:
            return False
        except ClientError as error:
            raise _answered(error) from error
        except BotoCoreError as error:
            raise NotNowError(f"Step Functions gave no answer ({type(error).__name__})") from error
        return True


def _client() -> Any:
    # Who starts an execution tries again later by itself; one lost connection is not worth waiting for that.
    return client("stepfunctions", read_seconds=5, attempts=2)


def _answered(error: ClientError) -> NotNowError | RefusedError:
    code = str(error.response["Error"]["Code"])
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    if status >= 500 or status == 429 or code in PASSING or "Thrott" in code or "TooMany" in code:
        return NotNowError(f"Step Functions answered {code}")
    return RefusedError(f"Step Functions refused it: {code}")
