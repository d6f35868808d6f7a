"""Prepares the database while CloudFormation waits: migrates, and opens the master's secret only if it must."""

from typing import Protocol

from beforehand.errors import BeforehandError
from beforehand.events.database import (
    CustomResourceAnswer,
    CustomResourceRequest,
    DatabaseMigrate,
    DatabaseMigrated,
)

RESOURCE = "beforehand-database"


class DatabaseNotReadyError(BeforehandError):
    """The database could not be prepared."""


class Migrator(Protocol):
    """The isolated function that migrates; only it reaches the database."""

    def migrate(self, request: DatabaseMigrate) -> DatabaseMigrated: ...


class Secret(Protocol):
    """The master's user and password, as RDS keeps them."""

    def read(self) -> tuple[str, str]: ...


class CloudFormation(Protocol):
    """Whoever asked for the resource and waits for the answer."""

    def answer(self, url: str, answer: CustomResourceAnswer) -> None: ...


def prepare(migrator: Migrator, secret: Secret) -> str:
    """Brings the database to this release; returns what was done.

    Raises DatabaseNotReadyError where even the master could not make it ready.
    """
    done = migrator.migrate(DatabaseMigrate())
    if not done.ready:
        user, password = secret.read()
        done = migrator.migrate(DatabaseMigrate(master_user=user, master_password=password))
    if not done.ready:
        raise DatabaseNotReadyError(f"The database is not ready: {done.because}")
    return done.because


def fulfil(
    request: CustomResourceRequest, *, migrator: Migrator, secret: Secret, cloudformation: CloudFormation
) -> CustomResourceAnswer:
    """Answers CloudFormation in every case, so that no stack waits for its time-out."""
    status, reason = "FAILED", "the function ended before it was done"
    try:
        reason = "nothing to take down" if request.RequestType == "Delete" else prepare(migrator, secret)
        status = "SUCCESS"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise
    finally:
        answer = CustomResourceAnswer(
            Status=status,
            Reason=reason[:1000],
            PhysicalResourceId=request.PhysicalResourceId or RESOURCE,
            StackId=request.StackId,
            RequestId=request.RequestId,
            LogicalResourceId=request.LogicalResourceId,
        )
        cloudformation.answer(request.ResponseURL, answer)
    return answer
