"""The files bucket: uploads to import, and the facts that one step of a run hands to the next."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from beforehand.names import Prefix
from infra.constructs.acknowledgements import acknowledge
from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage


class Files(Construct):
    """The bucket, its log of who read what, and the rights to one prefix of it."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        kept = cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY
        access_log = s3.Bucket(
            self,
            "AccessLog",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=kept,
            lifecycle_rules=[s3.LifecycleRule(id="Forget", expiration=cdk.Duration.days(90))],
        )
        acknowledge(access_log, "AwsSolutions-S1", "This bucket is the log of the other one.")
        self.bucket = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=access_log,
            server_access_logs_prefix="files/",
            removal_policy=kept,
            lifecycle_rules=[
                _forget(Prefix.IMPORTS, stage.import_retention_days),
                _forget(Prefix.IMPORT_MAPPINGS, stage.import_retention_days),
                _forget(Prefix.IMPORT_RESULTS, stage.import_retention_days),
                _forget(Prefix.RUNS, stage.run_retention_days),
                _forget(Prefix.MEMORY, stage.run_retention_days),
                _forget(Prefix.CHUNKS, 1, versions=1),
                _forget(Prefix.REHEARSALS, stage.run_retention_days, versions=1),
            ],
        )
        # `event_bridge_enabled=True` would bring a Lambda of CDK's own to set this one property.
        bucket = self.bucket.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        bucket.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.bucket.bucket_name

    def acknowledge_prefixes(self, scope: Construct) -> None:
        """Excuses, in the stack that uses the bucket, rights to all objects under one prefix."""
        bucket = cdk.Stack.of(self).resolve(cdk.Stack.of(self).export_value(self.bucket.bucket_arn))
        for prefix in Prefix:
            acknowledge(
                scope,
                f"AwsSolutions-IAM5[Resource::{bucket['Fn::ImportValue']}/{prefix}*]",
                "A right ends at a prefix: the names of the objects under it are made while running.",
            )

    def read(self, prefix: Prefix) -> list[iam.PolicyStatement]:
        """The rights to read what lies under a prefix.

        S3 answers "no such key" only to those who may list the bucket, and "forbidden" to others.
        """
        return [
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[self.bucket.arn_for_objects(f"{prefix}*")]),
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]),
            self._key.use_through("s3"),
        ]

    def write(self, prefix: Prefix) -> list[iam.PolicyStatement]:
        """The rights to write under a prefix."""
        return [
            iam.PolicyStatement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects(f"{prefix}*")]),
            self._key.use_through("s3"),
        ]


def _forget(prefix: Prefix, days: int, *, versions: int = 30) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id=f"Forget-{prefix.strip('/')}",
        prefix=prefix,
        expiration=cdk.Duration.days(days),
        noncurrent_version_expiration=cdk.Duration.days(versions),
        abort_incomplete_multipart_upload_after=cdk.Duration.days(2),
    )
