"""Calls another function of ours and waits for its answer."""

import json

from beforehand.adapters.aws import client
from beforehand.errors import BeforehandError
from beforehand.events.database import DatabaseMigrate, DatabaseMigrated

LONGEST_SECONDS = 900


class FunctionFailedError(BeforehandError):
    """A function of ours ended with an error."""


class LambdaMigrator:
    """`database_migrate`, called through Lambda. Migrating twice is harmless, but it is asked only once."""

    def __init__(self, function: str) -> None:
        self._function = function

    def migrate(self, request: DatabaseMigrate) -> DatabaseMigrated:
        """Its answer. Raises FunctionFailedError with the function's own words."""
        payload = request.model_dump(exclude_none=True)
        if request.master_password is not None:
            payload["master_password"] = request.master_password.get_secret_value()
        answer = client("lambda", read_seconds=LONGEST_SECONDS, attempts=1).invoke(
            FunctionName=self._function, Payload=json.dumps(payload).encode()
        )
        body = answer["Payload"].read()
        if "FunctionError" in answer:
            told = json.loads(body)
            raise FunctionFailedError(f"{told.get('errorType')}: {told.get('errorMessage')}")
        return DatabaseMigrated.model_validate_json(body)
