"""A report as it lies in the inbox: ids, a kind, a moment and a hash; no address, no text."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from beforehand.outreach.model import Channel
from beforehand.outreach.outcomes import Kind


class Report(BaseModel):
    """What somebody reports. `permanent`: nothing will ever arrive at the address; `detail`: a code."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
    outreach_id: UUID
    attempt: Annotated[int, Field(ge=1, le=1000)] | None = None
    kind: Kind
    at: AwareDatetime
    permanent: bool = False
    channel: Channel | None = None
    contact_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    message_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,256}$")] | None = None
    """The provider's own id of the message."""
    detail: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None

    @property
    def key(self) -> str:
        """The only key that this event of this provider can have."""
        return f"{self.provider}#{self.event_id}"

    @property
    def suppresses(self) -> bool:
        """Whether the address must not be contacted from now on."""
        return self.kind in (Kind.COMPLAINED, Kind.UNSUBSCRIBED) or (self.kind is Kind.BOUNCED and self.permanent)
