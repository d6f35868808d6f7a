"""What is reported of messages, as rows that a database function reaches: taken in outside, applied inside."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.table import Table
from infra.stage import Stage


class Inbox(Table):
    """A table with an event's id as its key; its stream tells which rows are new, and not what is in them."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id, stage=stage, key=key, name="inbox", partition="event_id", worklist=True)

    def take_in(self) -> list[iam.PolicyStatement]:
        """The right to put a report in."""
        return self.may("PutItem")

    def apply(self) -> list[iam.PolicyStatement]:
        """The rights to find reports that wait, to hear of new ones, and to write down what became of them."""
        return [*self.may("UpdateItem", "GetItem"), *self.find_and_hear()]
