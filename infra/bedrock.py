"""What `churn_write` may do in Amazon Bedrock: ask exactly the model or inference profile that the stage names.

Sources: Amazon Bedrock User Guide, "Prerequisites for inference profiles", "Set up permissions to use guardrails".
"""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.acknowledgements import acknowledge
from infra.stage import GEOGRAPHIES, Stage

PROFILE = "inference-profile/"


def rights(scope: Construct, stage: Stage) -> Iterator[iam.PolicyStatement]:
    """The rights to ask the stage's model; none where it names none."""
    if stage.bedrock_model is None:
        return
    stack = cdk.Stack.of(scope)
    region = stage.bedrock_region or stack.region
    model = _arn(stage.bedrock_model, partition=stack.partition, region=region, account=stack.account)
    yield iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[model])
    if PROFILE in model:
        yield _through(model, scope, stack.partition)
    if stage.bedrock_guardrail is not None:
        guardrail = stage.bedrock_guardrail.partition(":")[0]
        arn = f"arn:{stack.partition}:bedrock:{region}:{stack.account}:guardrail/{guardrail}"
        yield iam.PolicyStatement(actions=["bedrock:ApplyGuardrail"], resources=[arn])


def _arn(model: str, *, partition: str, region: str, account: str) -> str:
    if model.startswith("arn:"):
        return model
    # A profile's id begins with where it may go (`eu.`, `apac.`, `global.`), a model's with who made it.
    if model.count(".") > 1 and model.split(".")[0] in GEOGRAPHIES:
        return f"arn:{partition}:bedrock:{region}:{account}:{PROFILE}{model}"
    return f"arn:{partition}:bedrock:{region}::foundation-model/{model}"


def _through(profile: str, scope: Construct, partition: str) -> iam.PolicyStatement:
    """A profile sends a question to one of several regions, and asks for the right to the model there."""
    models = f"arn:{partition}:bedrock:*::foundation-model/*"
    acknowledge(
        scope,
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/*]",
        "Only through the one inference profile that the condition names; the profile chooses model and region.",
    )
    return iam.PolicyStatement(
        actions=["bedrock:InvokeModel"],
        resources=[models],
        conditions={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
    )
