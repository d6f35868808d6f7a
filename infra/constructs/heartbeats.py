"""When each schedule last did its work: one row for each schedule, read by whoever asks whether one is late."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.table import Table
from infra.stage import Stage


class Heartbeats(Table):
    """A table with the schedule's name as its key."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id, stage=stage, key=key, name="heartbeats", partition="schedule")

    def beat(self) -> list[iam.PolicyStatement]:
        """The rights to write down that a schedule did its work."""
        return self.may("PutItem")
