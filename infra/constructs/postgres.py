"""PostgreSQL on RDS: IAM sign-in, verified TLS only, encrypted, its master's secret kept by RDS."""

from typing import TypeVar

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from beforehand.names import DATABASE_NAME, DatabaseRole
from beforehand.settings import DatabaseSettings
from infra.constructs.acknowledgements import acknowledge
from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.network import Network
from infra.stage import Stage

MASTER = "beforehand_master"
# The newest that this CDK names is 18.3; RDS takes any version that `beforehand doctor --aws` finds in the region.
VERSION = rds.PostgresEngineVersion.of("18.4", "18")

S = TypeVar("S", bound=DatabaseSettings)


class Postgres(Construct):
    """The database, and what a function needs to sign in as one of its roles."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, network: Network, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key = key
        self._port = stage.database_port
        self.network = network
        self.instance = self._instance(stage)
        self.instance.apply_removal_policy(
            cdk.RemovalPolicy.SNAPSHOT if stage.keep_data else cdk.RemovalPolicy.DESTROY
        )
        if not stage.multi_az:
            acknowledge(
                self, "AwsSolutions-RDS3", "This stage may wait for a restore; a standby doubles the price."
            )
        if not stage.keep_data:
            acknowledge(self, "AwsSolutions-RDS10", "This stage is made to be thrown away, data included.")

    @property
    def master_secret(self) -> str:
        """The ARN of the master's secret, which RDS made and changes each week."""
        return cdk.Token.as_string(self.instance.get_att("MasterUserSecret.SecretArn"))

    def settings(self, kind: type[S], role: DatabaseRole, **others: object) -> S:
        """The settings of a function that signs in as `role`, with whatever else its kind takes."""
        return kind.model_validate(
            {
                "database_host": self.instance.attr_endpoint_address,
                "database_port": self._port,
                "database_user": role.value,
                **others,
            }
        )

    def sign_in(self, user: str) -> iam.PolicyStatement:
        """The right to sign in as one role of the database, and as no other."""
        return iam.PolicyStatement(
            actions=["rds-db:connect"],
            resources=[
                cdk.Stack.of(self).format_arn(
                    service="rds-db",
                    resource="dbuser",
                    resource_name=f"{self.instance.attr_dbi_resource_id}/{user}",
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )

    def read_master_secret(self) -> list[iam.PolicyStatement]:
        """The rights to read the master's secret, which only the first deployment needs."""
        read = iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[self.master_secret])
        return [read, self._key.use_through("secretsmanager")]

    def _instance(self, stage: Stage) -> rds.CfnDBInstance:
        # The L2 construct would make and rotate a secret of its own; RDS does both by itself.
        subnets = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_description="Isolated subnets",
            subnet_ids=[subnet.subnet_id for subnet in self.network.vpc.isolated_subnets],
        )
        parameters = rds.CfnDBParameterGroup(
            self,
            "Parameters",
            family=f"postgres{VERSION.postgres_major_version}",
            description="TLS only; what a statement was given never stands in a log",
            parameters={"rds.force_ssl": "1", "log_parameter_max_length_on_error": "0"},
        )
        return rds.CfnDBInstance(
            self,
            "Instance",
            allocated_storage=str(stage.database_gigabytes),
            auto_minor_version_upgrade=True,
            backup_retention_period=stage.database_backup_days,
            ca_certificate_identifier="rds-ca-rsa2048-g1",
            copy_tags_to_snapshot=True,
            db_instance_class=f"db.{stage.database_instance}",
            db_name=DATABASE_NAME,
            db_parameter_group_name=parameters.ref,
            db_subnet_group_name=subnets.ref,
            deletion_protection=stage.keep_data,
            enable_iam_database_authentication=True,
            engine="postgres",
            engine_version=VERSION.postgres_full_version,
            kms_key_id=self._key.arn,
            manage_master_user_password=True,
            master_user_secret=rds.CfnDBInstance.MasterUserSecretProperty(kms_key_id=self._key.arn),
            master_username=MASTER,
            max_allocated_storage=stage.database_gigabytes * 5,
            multi_az=stage.multi_az,
            port=str(stage.database_port),
            publicly_accessible=False,
            storage_encrypted=True,
            storage_type="gp3",
            vpc_security_groups=[self.network.database.security_group_id],
        )
