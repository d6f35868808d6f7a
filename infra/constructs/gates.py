"""What decides whether a message may leave: keys of attempts, suppressions and kill switches, in one table."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage

MARKS = "suppressed#*"
"""The keys of marks, as `beforehand/outreach/suppression/marks.py` makes them."""


class Gates(Construct):
    """A table with the key of an attempt, a suppression or a switch. It outlives every backup of the database."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.named("gates"),
            partition_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=stage.keep_data,
            removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY,
        )

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.table_name

    def read(self) -> list[iam.PolicyStatement]:
        """The rights to read how attempts ended, and what is stopped."""
        return self._may("BatchGetItem")

    def mark(self) -> list[iam.PolicyStatement]:
        """The right to mark who wants no more, and to touch nothing else."""
        return self._may("UpdateItem", keys=MARKS)

    def keep_marks_true(self) -> list[iam.PolicyStatement]:
        """The rights to mark who wants no more, and to look for marks and take them away."""
        return self._may("UpdateItem", "DeleteItem", "GetItem", "BatchGetItem", keys=MARKS)

    def begin(self) -> list[iam.PolicyStatement]:
        """The rights to begin attempts, to write down how they ended, and to prove that one never began."""
        return self._may("ConditionCheckItem", "PutItem", "UpdateItem", "BatchGetItem")

    def ask(self) -> list[iam.PolicyStatement]:
        """The rights to prove that an attempt never began."""
        return self._may("PutItem", "BatchGetItem")

    def suppress(self) -> list[iam.PolicyStatement]:
        """The rights to set and lift suppressions, and to move switches."""
        return self._may("PutItem", "UpdateItem", "DeleteItem", "GetItem", "BatchGetItem")

    def _may(self, *actions: str, keys: str | None = None) -> list[iam.PolicyStatement]:
        """The rights to rows whose key is like `keys`, or to all."""
        use = iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions],
            resources=[self.table.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}} if keys else None,
        )
        return [use, self._key.use_through("dynamodb")]
