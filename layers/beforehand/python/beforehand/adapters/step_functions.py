"""Starts executions of a state machine."""

import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError, RefusedError

PASSING = re.compile(r"Thrott|TooMany|AccessDenied|ExpiredToken|UnrecognizedClient|^ExecutionLimitExceeded|^Kms")
"""Answers that blame the request although another moment would do: what is asked too often, and rights, whether to
the service or to a key, which pass when an operator mends them."""


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
    # Whoever starts an execution tries again later by itself.
    return client("stepfunctions", read_seconds=5, connect_seconds=2, attempts=1)


def _answered(error: ClientError) -> NotNowError | RefusedError:
    code = str(error.response["Error"]["Code"])
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    if status >= 500 or status == 429 or PASSING.search(code):
        return NotNowError(f"Step Functions answered {code}")
    return RefusedError(f"Step Functions refused it: {code}")
