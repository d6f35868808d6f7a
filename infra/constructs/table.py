"""A table of DynamoDB as all of ours are: under the stage's key, restorable, with rows that may expire."""

import json

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.dead_letters import DeadLetters
from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.task_function import TaskFunction
from infra.stage import Stage

OPEN = "open"
"""The index of the rows that are under way; as `outbox/table.py` and `outreach/inbox/table.py` call it."""


class Table(Construct):
    """`name` is the table's in its stage, `partition` the text that is its key.

    A `worklist` has an index of the rows that are under way, and a stream that tells which rows are new, and not
    what is in them.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        key: EncryptionKey,
        name: str,
        partition: str,
        worklist: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self._key = key
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.named(name),
            partition_key=dynamodb.Attribute(name=partition, type=text),
            stream=dynamodb.StreamViewType.KEYS_ONLY if worklist else None,
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
        if worklist:
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
        """The ARN of a worklist's stream."""
        stream = self.table.table_stream_arn
        assert stream is not None
        return stream

    def find_and_hear(self) -> list[iam.PolicyStatement]:
        """The rights to find a worklist's rows that are due, and to hear of new ones."""
        find = iam.PolicyStatement(actions=["dynamodb:Query"], resources=[f"{self.table.table_arn}/index/{OPEN}"])
        hear = iam.PolicyStatement(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[self.stream],
        )
        # Lambda wants to list streams before it reads one, and a list has no resource to name.
        return [find, hear, iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"])]

    def lead_to(
        self, scope: Construct, id: str, *, function: TaskFunction, dead_letters: DeadLetters, batch_size: int
    ) -> None:
        """Has a function hear of a worklist's new rows at once. What it could not hear of, its cadence finds.

        New ones only: its own claims and ends, and rows that expire, would wake it for nothing. One that died and
        is asked for again is a change of its row, and waits for the cadence.
        """
        mapping = lambda_.CfnEventSourceMapping
        lambda_.CfnEventSourceMapping(
            scope,
            id,
            function_name=function.function.function_name,
            event_source_arn=self.stream,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=2,
            maximum_record_age_in_seconds=cdk.Duration.hours(1).to_seconds(),
            destination_config=mapping.DestinationConfigProperty(
                on_failure=mapping.OnFailureProperty(destination=dead_letters.arn)
            ),
            filter_criteria=mapping.FilterCriteriaProperty(
                filters=[mapping.FilterProperty(pattern=json.dumps({"eventName": ["INSERT"]}))]
            ),
        )

    def may(self, *actions: str, keys: str | None = None) -> list[iam.PolicyStatement]:
        """The rights to these actions on rows whose key is like `keys`, or on any, with the stage's key."""
        use = iam.PolicyStatement(
            actions=[f"dynamodb:{action}" for action in actions],
            resources=[self.table.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}} if keys else None,
        )
        return [use, self._key.use_through("dynamodb")]
