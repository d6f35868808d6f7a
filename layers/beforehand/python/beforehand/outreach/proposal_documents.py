"""What a proposal through the API carries, and what it is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from beforehand.api.moments import Moment
from beforehand.api.routes import Answer, Asked
from beforehand.outreach.gate_says import Said
from beforehand.outreach.messages.documents import NAME, Body, Subject
from beforehand.outreach.model import Hold, State

CUSTOMER_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
CYCLE = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$"
TAG = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,4}$"


class ProposedMessage(Asked):
    """A message for one customer: a text as it stands, or a template with what fills it when it goes."""

    customer_id: Annotated[str, Field(pattern=CUSTOMER_ID)]
    channel: Literal["email", "sms", "webhook"]
    purpose: Literal["manual", "custom"] = "manual"
    subject: Subject | None = Field(default=None, description="For an e-mail; plain text.")
    body: Body | None = Field(default=None, description="Plain text, whose paragraphs blank lines part.")
    template: Annotated[str, Field(pattern=NAME)] | None = None
    variables: Annotated[dict[str, Any], Field(max_length=60)] = Field(default_factory=dict)
    language: Annotated[str, Field(pattern=TAG)] | None = Field(
        default=None,
        description="What the text is in; a template is written in the customer's own where that is known.",
    )
    due_at: Moment | None = Field(default=None, description="Not before this moment; else now.")
    not_after: Moment | None = Field(
        default=None, description="When it is too late; else seven days after it is due."
    )
    priority: Annotated[int, Field(ge=0, le=100)] = Field(default=50, description="Higher goes first.")
    cycle: Annotated[str, Field(pattern=CYCLE)] | None = Field(
        default=None,
        description="Your own key: of a customer, purpose and cycle one message is made, however often it is asked "
        "for. Else each Idempotency-Key makes one.",
    )
    follows: UUID | None = Field(default=None, description="The outreach, over by now, that this one goes on from.")
    hold: bool = Field(default=False, description="It waits until a person lets it go.")
    needs_approval: bool = Field(
        default=False, description="It waits for an admin, who ends its case with send or dismissed."
    )
    approve_by: Moment | None = Field(default=None, description="When that is due; else in a day.")
    otherwise: Literal["send", "dismissed"] | None = Field(
        default=None,
        description="What becomes of it where no admin has taken it by then; else it waits until its end.",
    )
    automated: bool | None = Field(
        default=None,
        description="No person asked for it, so holdout, cool-down and budget are for it; else whether the purpose "
        "is not manual.",
    )
    because: Annotated[str, Field(min_length=3, max_length=300)] | None = Field(
        default=None, description="Why, for those who look later; name nobody."
    )
    preview: bool = Field(default=False, description="Keep nothing; show the message, and what the gate would say.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.body is None) == (self.template is None):
            raise ValueError("give a body or a template, one of the two")
        if self.template is not None and self.subject is not None:
            raise ValueError("a template has a subject of its own; leave subject out")
        if self.template is None and self.variables:
            raise ValueError("variables fill a template; name one, or leave variables out")
        if not self.needs_approval and (self.approve_by is not None or self.otherwise is not None):
            raise ValueError("approve_by and otherwise are for what needs_approval; say that, or leave them out")
        if self.otherwise is not None and self.approve_by is None:
            raise ValueError("otherwise is done at approve_by; name that too")
        return self


class ShownMessage(Answer):
    """A message as it would leave now, and why in this language."""

    subject: str
    text: str
    html: str | None
    language: str
    because: str
    template_version: int | None
    segments: int | None = Field(description="What a text message is billed as.")


class ProposedOutreach(Answer):
    """The outreach that was made, or was there, or would be made.

    `kept`: it is in the ledger; `new`: by this request. `gate` is what the gate would say now; it decides again
    when the message is due. `message` is there for a preview.
    """

    outreach_id: UUID
    kept: bool
    new: bool
    state: State | None
    hold: Hold | None
    case_id: UUID | None = Field(description="The case that decides about it, where that is not done.")
    due_at: datetime
    not_after: datetime
    because: str
    gate: Said
    message: ShownMessage | None
