"""E-mail to customers: what SES tells of each message, the domain it is from, and the right to send as one address.

Sources: SES Developer Guide, "Set up an Amazon EventBridge destination", "Controlling access to Amazon SES";
Service Authorization Reference, "Amazon Simple Email Service v2".
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.stage import Stage

EVENTS = ("send", "delivery", "bounce", "complaint", "reject", "deliveryDelay", "renderingFailure")


def configuration_set(stage: Stage) -> str:
    """The name of the configuration set through which a stage writes to customers; its events carry it as a tag."""
    return stage.named("customers")


class EmailDomain(Construct):
    """The domain that mail is from, as an identity of SES. It outlives the stacks: what it proves lies in DNS."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, domain: str) -> None:
        super().__init__(scope, id)
        identity = ses.CfnEmailIdentity(self, "Identity", email_identity=domain)
        identity.apply_removal_policy(cdk.RemovalPolicy.RETAIN if stage.keep_data else cdk.RemovalPolicy.DESTROY)
        if stage.on_host:
            return
        records = {
            identity.attr_dkim_dns_token_name1: identity.attr_dkim_dns_token_value1,
            identity.attr_dkim_dns_token_name2: identity.attr_dkim_dns_token_value2,
            identity.attr_dkim_dns_token_name3: identity.attr_dkim_dns_token_value3,
        }
        for number, (name, value) in enumerate(records.items(), 1):
            cdk.CfnOutput(
                cdk.Stack.of(self),
                f"EmailDomainRecord{number}",
                value=f"{name} CNAME {value}",
                description=f"To be put into the DNS of {domain}; SES sends once it finds all three",
            )


class EmailChannel(Construct):
    """A configuration set whose events go to the default bus, and the right to send as `sender` through it."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, sender: str) -> None:
        super().__init__(scope, id)
        self._sender = sender
        self.configuration_set = configuration_set(stage)
        made = ses.CfnConfigurationSet(
            self,
            "ConfigurationSet",
            name=self.configuration_set,
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
            # Ours is asked first. SES's own list stands behind it, for the whole account.
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
        )
        destination = ses.CfnConfigurationSetEventDestination
        destination(
            self,
            "Events",
            configuration_set_name=made.ref,
            event_destination=destination.EventDestinationProperty(
                name="default-bus",
                enabled=True,
                matching_event_types=list(EVENTS),
                event_bridge_destination=destination.EventBridgeDestinationProperty(
                    event_bus_arn=self._arn("event-bus", "default", service="events")
                ),
            ),
        )

    def rights(self) -> list[iam.PolicyStatement]:
        """The right to send as the one address, through the one configuration set."""
        return [
            iam.PolicyStatement(
                actions=["ses:SendEmail"],
                resources=[
                    # Whichever of them SES knows: an address that is an identity itself comes first, then its
                    # domain, then the domains above, whose identity covers it.
                    *(self._arn("identity", one) for one in (self._sender, *_domains(self._sender))),
                    self._arn("configuration-set", self.configuration_set),
                ],
                conditions={"StringEquals": {"ses:FromAddress": self._sender}},
            )
        ]

    def _arn(self, resource: str, name: str, *, service: str = "ses") -> str:
        return cdk.Stack.of(self).format_arn(service=service, resource=resource, resource_name=name)


def _domains(address: str) -> list[str]:
    """The domain of an address, and those that it is a part of."""
    labels = address.rpartition("@")[2].lower().split(".")
    return [".".join(labels[first:]) for first in range(len(labels) - 1)]
