"""What is reported of messages, as rows that a database function reaches: taken in outside, applied inside."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage

OPEN = "open"
"""The index of the rows that are not applied yet; as `beforehand/outreach/inbox/table.py` calls it."""


class Inbox(Construct):
    """A table with an event's id as its key; its stream tells which rows are new, and not what is in them."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.named("inbox"),
            partition_key=dynamodb.Attribute(name="event_id", type=text),
            stream=dynamodb.StreamViewType.KEYS_ONLY,
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
        self.table.add_global_secondary_index(
            index_name=OPEN,
            partition_key=dynamodb.Attribute(name=OPEN, type=text),
            sort_key=dynamodb.Attribute(name="due", type=number),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.table_name

    @property
    def stream(self) -> str:
        """The ARN of the table's stream."""
        stream = self.table.table_stream_arn
        assert stream is not None
        return stream

    def take_in(self) -> list[iam.PolicyStatement]:
        """The right to put a report in."""
        return self._may("PutItem")

    def apply(self) -> list[iam.PolicyStatement]:
        """The rights to find reports that wait, to hear of new ones, and to write down what became of them."""
        find = iam.PolicyStatement(actions=["dynamodb:Query"], resources=[f"{self.table.table_arn}/index/{OPEN}"])
        hear = iam.PolicyStatement(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[self.stream],
        )
        # Lambda wants to list streams before it reads one, and a list has no resource to name.
        listing = iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"])
        return [*self._may("UpdateItem", "GetItem"), find, hear, listing]

    def _may(self, *actions: str) -> list[iam.PolicyStatement]:
        use = iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions], resources=[self.table.table_arn]
        )
        return [use, self._key.use_through("dynamodb")]
