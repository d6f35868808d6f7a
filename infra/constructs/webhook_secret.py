"""What signs our webhooks: one secret that the company's system knows as well."""

import string

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.encryption_key import EncryptionKey
from infra.stage import Stage

LETTERS = 64
"""Letters and digits, as base64 48 bytes; a signing secret has 24 to 64."""


class WebhookSecret(Construct):
    """The secret that the stage names; on this machine, where nobody keeps one, a secret of the stack's own."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: EncryptionKey) -> None:
        super().__init__(scope, id)
        self._key, self._own = key, stage.webhook_secret is None
        self.arn = stage.webhook_secret or self._make(stage)

    def read(self) -> list[iam.PolicyStatement]:
        """The rights to read it."""
        read = iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[self.arn])
        return [read, self._key.use_through("secretsmanager")] if self._own else [read]

    def _make(self, stage: Stage) -> str:
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=stage.named("webhook"),
            description="Signs webhooks to the company's own system; `previous` may stand beside `current`",
            kms_key_id=self._key.arn,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template="{}",  # noqa: S106
                generate_string_key="current",
                password_length=LETTERS,
                exclude_characters=string.punctuation,
            ),
        )
        secret.apply_removal_policy(cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY)
        return secret.ref
