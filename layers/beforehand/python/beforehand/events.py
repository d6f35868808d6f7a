"""What each function takes and answers: the edges, checked when they are crossed."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from beforehand.names import Prefix, Schedule
from beforehand.results import Status

CustomerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Count = Annotated[int, Field(ge=0)]


class Event(BaseModel):
    """Base of what functions take and answer; unknown fields are left out of account, as senders add some."""

    # A function uses two or three of the events and pays, when it first does, for no others.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


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


class UploadedObject(Event):
    """The part of an S3 event that says which object it is about."""

    key: str
    size: Count = 0


class UploadedBucket(Event):
    """The bucket of an S3 event."""

    name: str


class UploadedDetail(Event):
    """The detail of an S3 `Object Created` event."""

    bucket: UploadedBucket
    object: UploadedObject


class FileUploaded(Event):
    """S3 tells the bus that a file to import has arrived."""

    id: str
    time: AwareDatetime
    detail: UploadedDetail


class ImportRefusal(Event):
    """One row that was not taken: the line in the file (the header is line 1), the column and the remedy."""

    line: Annotated[int, Field(ge=1)]
    column: str
    because: str


class ImportFinished(Event):
    """What an import did; `refused` lists the first refusals, `refused_rows` counts all of them."""

    file: str
    kind: Literal["customers", "purchases"]
    status: Status
    rows: Count
    added: Count
    changed: Count
    unchanged: Count
    refused_rows: Count
    refused: tuple[ImportRefusal, ...] = ()
    because: str


class ScanRequested(Event):
    """A scan is due. Options that are not given come from the function's settings."""

    due_at: AwareDatetime
    schedule: Schedule = Schedule.CHURN_SCAN
    execution: str
    risk_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    max_interventions: Annotated[int, Field(ge=1, le=1000)] | None = None


class ScanScored(Event):
    """The run is open and the base is scored; `claimed` is false when another run has this due time."""

    run_id: UUID
    claimed: bool
    scored: Count
    because: str


class ScanStep(Event):
    """The next step of an open run."""

    run_id: UUID


class ScanSelected(Event):
    """How many are at risk, why some of them may not be approached now, and who is treated, best first.

    `unreachable` have neither e-mail nor phone; of the `insufficient` too little is known to score them.
    """

    run_id: UUID
    at_risk: Count
    resting: Count
    opted_out: Count
    unreachable: Count
    insufficient: Count
    customers: tuple[CustomerId, ...]


class ScanBriefed(Event):
    """The briefs lie in the files bucket, one for each customer."""

    run_id: UUID
    customers: tuple[CustomerId, ...]


class MessageRequested(Event):
    """Write the message for one customer of a run, from its brief."""

    run_id: UUID
    customer_id: CustomerId


class MessageWritten(Event):
    """The draft lies in the files bucket; `language` is the language it is in."""

    run_id: UUID
    customer_id: CustomerId
    language: str
    because: str


class ScanFinished(Event):
    """The run is closed; `subject` and `message` tell the people in charge when `tell` is true."""

    run_id: UUID
    proposed: Count
    skipped: Count
    failed: Count
    tell: bool
    subject: str
    message: str


def import_result_file(key: str) -> str:
    """Where the answer about an uploaded file lies in the bucket."""
    return f"{Prefix.IMPORT_RESULTS}{key.removeprefix(Prefix.IMPORTS)}.json"


def run_file(run_id: UUID, name: str) -> str:
    """Where a run keeps one of its files in the bucket."""
    return f"{Prefix.RUNS}{run_id}/{name}"
