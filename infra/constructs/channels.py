"""The channels to customers that a stage sets up: what functions are told of them, and what the sender may do."""

from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs import sms
from infra.constructs.email import EmailChannel
from infra.constructs.webhook_secret import WebhookSecret
from infra.stage import Stage


class Channels(Construct):
    """`settings` are those of `ChannelSettings`, for whoever sends and whoever must know what is set up."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, webhook: WebhookSecret | None) -> None:
        super().__init__(scope, id)
        self.settings: dict[str, Any] = {"company_name": stage.company_name}
        self.rights: list[iam.PolicyStatement] = []
        """What the one function that sends may do; nobody else needs it."""
        self._email(stage)
        self._sms(scope, stage)
        self._webhook(stage, webhook)

    def _email(self, stage: Stage) -> None:
        if stage.email_from is None:
            return
        channel = EmailChannel(self, "Email", stage=stage, sender=stage.email_from)
        self.settings |= {
            "email_from": stage.email_from,
            "email_reply_to": stage.email_reply_to,
            "email_unsubscribe_to": stage.email_unsubscribe_to,
            "email_configuration_set": channel.configuration_set,
        }
        self.rights += channel.rights()

    def _sms(self, scope: Construct, stage: Stage) -> None:
        if stage.sms_origination is None:
            return
        numbers = [name for name in type(stage).model_fields if name.startswith("sms_") and name != "sms_countries"]
        self.settings |= {name: getattr(stage, name) for name in numbers} | {"stage_name": stage.name}
        self.rights += sms.rights(scope, stage, stage.sms_origination)

    def _webhook(self, stage: Stage, secret: WebhookSecret | None) -> None:
        if stage.webhook_url is None or secret is None:
            return
        self.settings |= {
            "webhook_url": stage.webhook_url,
            "webhook_hosts": stage.webhook_hosts,
            "webhook_secret": secret.arn,
            "webhook_on_loopback": stage.on_host,
        }
        self.rights += secret.read()
