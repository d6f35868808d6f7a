"""The stack that holds state; everything else can be deleted and deployed again."""

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.commands import Commands
from infra.constructs.email import EmailDomain
from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.files import Files
from infra.constructs.gates import Gates
from infra.constructs.heartbeats import Heartbeats
from infra.constructs.inbox import Inbox
from infra.constructs.network import Network
from infra.constructs.postgres import Postgres
from infra.constructs.staff_topic import StaffTopic
from infra.constructs.users import Users
from infra.constructs.way_in import WayIn
from infra.constructs.webhook_secret import WebhookSecret
from infra.stage import Stage
from infra.watch import watch_database


class Foundation(cdk.Stack):
    """The network, the key, the database, files, the tables in DynamoDB, the staff topic and the users."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(
            scope,
            f"Beforehand-{stage.name}-Foundation",
            description="Beforehand: what holds state",
            termination_protection=stage.keep_data,
        )
        self.key = EncryptionKey(self, "EncryptionKey", stage=stage)
        self.network = Network(self, "Network", stage=stage)
        self.database = Postgres(self, "Database", stage=stage, network=self.network, key=self.key)
        self.files = Files(self, "Files", stage=stage, key=self.key)
        self.heartbeats = Heartbeats(self, "HeartbeatTable", stage=stage, key=self.key)
        self.commands = Commands(self, "CommandTable", stage=stage, key=self.key)
        self.gates = Gates(self, "GateTable", stage=stage, key=self.key)
        self.webhook_secret = (
            WebhookSecret(self, "WebhookSecret", stage=stage, key=self.key) if stage.webhook_url else None
        )
        if stage.email_domain:
            EmailDomain(self, "EmailDomain", stage=stage, domain=stage.email_domain)
        self.inbox = Inbox(self, "InboxTable", stage=stage, key=self.key)
        self.staff = StaffTopic(self, "Staff", stage=stage, key=self.key)
        self.way_in = WayIn(self, "WayIn", stage=stage)
        self.users = Users(self, "Users", stage=stage)
        watch_database(Alarms(self, "Alarms", stage=stage, staff=self.staff), self.database, stage)

        cdk.CfnOutput(self, "FilesBucket", value=self.files.name)
        cdk.CfnOutput(self, "StaffTopic", value=self.staff.arn)
        cdk.CfnOutput(self, "Heartbeats", value=self.heartbeats.name)
        cdk.CfnOutput(self, "Commands", value=self.commands.name)
        cdk.CfnOutput(self, "Gates", value=self.gates.name)
        cdk.CfnOutput(self, "Inbox", value=self.inbox.name)
        cdk.CfnOutput(self, "DatabaseHost", value=self.database.instance.attr_endpoint_address)
        cdk.CfnOutput(self, "MasterSecret", value=self.database.master_secret)
        cdk.CfnOutput(self, "ApiId", value=self.way_in.id)
        cdk.CfnOutput(self, "ApiUrl", value=self.way_in.url)
        cdk.CfnOutput(self, "UserPool", value=self.users.pool_id)
        cdk.CfnOutput(self, "UserPoolClient", value=self.users.client_id)
