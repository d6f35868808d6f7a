"""What one function of delivery hands to the next through S3: messages to send, attempts to ask about."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from beforehand.names import Prefix
from beforehand.outreach.model import Channel


class Document(BaseModel):
    """Base of what lies in the bucket for the time between two functions."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)


class Message(Document):
    """What is said to one person; `contact` is the hash of the address, under which a suppression would stand.

    The sender puts it into the frame of its channel.
    """

    outreach_id: UUID
    customer_id: str
    attempt: int
    to: str
    contact: str
    subject: str
    body: str
    language: str
    unsubscribe_url: str | None = None
    template: str | None = None
    template_version: int | None = None
    within: AwareDatetime | None = None
    """When it would be unwelcome: a window closes, or its time is over. None: whoever claimed it did not say."""
    because: str = ""
    """Which language was used, and why."""


class Chunk(Document):
    """Messages of one channel that were claimed together."""

    chunk: str
    channel: Channel
    lease_until: AwareDatetime
    messages: tuple[Message, ...]
    written_after: float = 0
    """Seconds between the claim and its being written here: whoever reads it can tell only how old the file is."""


class Attempt(Document):
    """An attempt by its message and its number."""

    outreach_id: UUID
    attempt: int


class Unknowns(Document):
    """Attempts of which nobody has told how they ended, to ask about."""

    attempts: tuple[Attempt, ...]


def chunk_file(chunk: str) -> str:
    """Where a chunk lies."""
    return f"{Prefix.CHUNKS}{chunk}.json"


def unknowns_file(name: str) -> str:
    """Where a list of attempts to ask about lies."""
    return f"{Prefix.CHUNKS}unknown-{name}.json"
