"""Where a capability's events end that nobody could take: kept for two weeks, and an alarm rings."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledgements import acknowledge
from infra.stage import Stage


class DeadLetters(Construct):
    """The queue of one capability.

    SQS encrypts it with a key of its own: with ours, a sender without a right to the key would lose the letter.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, capability: str) -> None:
        super().__init__(scope, id)
        self.capability = capability
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.named(f"{capability}-dead-letters"),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        for rule in ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"):
            acknowledge(self, rule, "This queue is where dead letters end; it has none of its own.")

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return self.queue.queue_arn

    def send(self) -> iam.PolicyStatement:
        """The right to leave a dead letter."""
        return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.arn])
