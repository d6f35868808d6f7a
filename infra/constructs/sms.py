"""Text messages to customers: the right to send from one origination identity of AWS End User Messaging.

Numbers, sender ids and pools are applied for and registered by people, so they are named and never made here. The
service sends what becomes of each message to the default bus by itself; no destination has to be made for it.
Sources: End User Messaging SMS User Guide, "Monitoring with EventBridge"; Service Authorization Reference, "AWS End
User Messaging SMS and Voice V2".
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.stage import Stage


def rights(scope: Construct, stage: Stage, origination: str) -> list[iam.PolicyStatement]:
    """The right to send from the `origination`, which is a sender id, or a number or pool by id or ARN.

    The function that gets it lies somewhere below the `scope`.
    """
    resources = _arns(scope, origination, stage)
    if stage.sms_configuration_set:
        resources.append(_format(scope, "configuration-set", stage.sms_configuration_set))
    return [iam.PolicyStatement(actions=["sms-voice:SendTextMessage"], resources=resources)]


def _arns(scope: Construct, origination: str, stage: Stage) -> list[str]:
    if origination.startswith("arn:"):
        return [origination]
    for prefix, resource in (("phone-", "phone-number"), ("pool-", "pool")):
        if origination.startswith(prefix):
            return [_format(scope, resource, origination)]
    # A sender id is one resource for each country.
    return [_format(scope, "sender-id", f"{origination}/{country}") for country in stage.sms_sender_countries]


def _format(scope: Construct, resource: str, name: str) -> str:
    return cdk.Stack.of(scope).format_arn(service="sms-voice", resource=resource, resource_name=name)
