"""The one key of a stage: it encrypts the database, the files, both tables and what is told to staff."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.stage import Stage


class EncryptionKey(Construct):
    """A key whose policy names services of this account; functions reach it through the service that uses it."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{stage.named('data')}",
            description=f"Everything that Beforehand keeps in the stage {stage.name}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsTellStaff",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return self.key.key_arn

    def use_through(self, service: str) -> iam.PolicyStatement:
        """The right to have a service (`s3`, `dynamodb` …) encrypt and decrypt with this key, and nothing else."""
        through = f"{service}.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"
        return iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[self.arn],
            conditions={"StringEquals": {"kms:ViaService": through}},
        )
