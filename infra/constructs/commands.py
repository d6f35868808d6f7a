"""What the database wants done outside, as rows that an egress function can reach: copied here after the commit."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.table import Table
from infra.stage import Stage


class Commands(Table):
    """A table with a command's id as its key; its stream tells which rows are new, and not what is in them."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id, stage=stage, key=key, name="commands", partition="command_id", worklist=True)

    def copy(self) -> list[iam.PolicyStatement]:
        """The rights of a database function that hands commands over after its commit."""
        return self.may("PutItem")

    def sweep(self) -> list[iam.PolicyStatement]:
        """The rights to copy commands and to look how far they are."""
        return self.may("PutItem", "BatchGetItem")

    def relay(self) -> list[iam.PolicyStatement]:
        """The rights to find commands that are due, to hear of new ones, and to write down what became of them."""
        return [*self.may("UpdateItem"), *self.find_and_hear()]
