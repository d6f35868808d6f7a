"""What decides whether a message may leave: keys of attempts, suppressions and kill switches, in one table."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.table import Table
from infra.stage import Stage

MARKS = "suppressed#*"
"""The keys of marks, as `beforehand/outreach/suppression/marks.py` makes them."""
ATTEMPTS, SWITCHES = "gate#*", "switch#*"
"""The keys of attempts and of kill switches, as `beforehand/outreach/delivery/gates.py` makes them."""


class Gates(Table):
    """A table with the key of an attempt, a suppression or a switch. It outlives every backup of the database."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id, stage=stage, key=key, name="gates", partition="key")

    def read(self) -> list[iam.PolicyStatement]:
        """The rights to read how attempts ended, and what is stopped."""
        return self.may("BatchGetItem")

    def mark(self) -> list[iam.PolicyStatement]:
        """The right to mark who wants no more, and to touch nothing else."""
        return self.may("UpdateItem", keys=MARKS)

    def keep_marks_true(self) -> list[iam.PolicyStatement]:
        """The rights to mark who wants no more, and to look for marks and take them away."""
        return self.may("UpdateItem", "DeleteItem", "GetItem", "BatchGetItem", keys=MARKS)

    def begin(self) -> list[iam.PolicyStatement]:
        """The rights to begin attempts, to write down how they ended, and to prove that one never began."""
        return self.may("ConditionCheckItem", "PutItem", "UpdateItem", "BatchGetItem")

    def ask(self) -> list[iam.PolicyStatement]:
        """The rights to prove that an attempt never began, and to touch no other row."""
        return self.may("PutItem", "BatchGetItem", keys=ATTEMPTS)

    def suppress(self) -> list[iam.PolicyStatement]:
        """The rights to mark who wants no more and to move switches; a mark is taken away by the sweep alone."""
        return [*self.mark(), *self.may("PutItem", "DeleteItem", "BatchGetItem", keys=SWITCHES)]
