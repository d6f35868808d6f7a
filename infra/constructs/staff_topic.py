"""Where staff are told: what scans did, what failed, which alarm rang."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage


class StaffTopic(Construct):
    """An encrypted topic with an optional e-mail subscription."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=stage.named("staff"),
            display_name="Beforehand",
            master_key=key.key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own has no default policy, which would have let alarms publish.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsTellStaff",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )
        if stage.staff_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(stage.staff_email))

    @property
    def arn(self) -> str:
        """The topic's ARN."""
        return self.topic.topic_arn

    def tell(self) -> list[iam.PolicyStatement]:
        """The rights to tell staff something."""
        publish = iam.PolicyStatement(actions=["sns:Publish"], resources=[self.arn])
        return [publish, self._key.use_through("sns")]
