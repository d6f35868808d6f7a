"""What the functions of `database` take and answer."""

from typing import Literal

from pydantic import SecretStr

from beforehand.events import Event


class DatabaseMigrate(Event):
    """Bring the database to this release; the master's word is given only while the roles are missing."""

    master_user: str | None = None
    master_password: SecretStr | None = None


class DatabaseMigrated(Event):
    """`ready` is false when the roles do not exist yet and no master was given."""

    ready: bool
    applied: tuple[str, ...] = ()
    because: str


class CustomResourceRequest(Event):
    """CloudFormation asks for a resource of our own; the answer goes to `ResponseURL`."""

    RequestType: Literal["Create", "Update", "Delete"]
    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
    PhysicalResourceId: str | None = None


class CustomResourceAnswer(Event):
    """What CloudFormation is told about the resource it asked for."""

    Status: Literal["SUCCESS", "FAILED"]
    Reason: str
    PhysicalResourceId: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
