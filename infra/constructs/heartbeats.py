"""When each schedule last did its work: one row for each schedule, read by whoever asks whether one is late."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage


class Heartbeats(Construct):
    """A table with the schedule's name as its key."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.named("heartbeats"),
            partition_key=dynamodb.Attribute(name="schedule", type=dynamodb.AttributeType.STRING),
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

    def beat(self) -> list[iam.PolicyStatement]:
        """The rights to write down that a schedule did its work."""
        put = iam.PolicyStatement(actions=["dynamodb:PutItem"], resources=[self.table.table_arn])
        return [put, self._key.use_through("dynamodb")]
