"""A function may ask exactly the model that its stage names, and none where it names none."""

import json
from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
import pytest

from infra import bedrock
from infra.packages import ROOT
from infra.stage import Stage
from tests.infra.assembly import Assembly, Synthesize

STAGES: dict[str, dict[str, Any]] = json.loads((ROOT / "cdk.json").read_text())["context"]["stages"]
NOVA = "amazon.nova-lite-v1:0"
PROFILE = "apac.amazon.nova-lite-v1:0"
PROFILE_ARN = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"
Right = tuple[str, str, Any]


def of_roles(assembly: Assembly) -> list[Right]:
    """Every right to Bedrock of any role: what, on which resource, on which condition."""
    found = []
    for name, role in assembly.of("AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", ()):
            asked = [s for s in policy["PolicyDocument"]["Statement"] if "bedrock:" in json.dumps(s["Action"])]
            assert not asked or name.startswith("ChurnChurnWrite"), name
            found += told(asked)
    return found


def rights(**numbers: str) -> list[Right]:
    """The rights that a stage with these numbers gives to who writes."""
    stack = cdk.Stack(cdk.App(), "S")
    statements = bedrock.rights(stack, Stage.choose("dev", STAGES, numbers))
    return told(stack.resolve(statement.to_statement_json()) for statement in statements)


def told(statements: Iterable[dict[str, Any]]) -> list[Right]:
    return [(one["Action"], shown(one["Resource"]), one.get("Condition")) for one in statements]


def shown(arn: Any) -> str:
    """An ARN with its references by name."""
    if isinstance(arn, str):
        return arn
    return "".join(
        part if isinstance(part, str) else f"<{part['Ref'].split('::')[-1]}>" for part in arn["Fn::Join"][1]
    )


def test_without_a_model_there_is_no_right_and_no_setting(assembly: Assembly) -> None:
    assert of_roles(assembly) == []
    variables = assembly.functions()["churn_write"]["Environment"]["Variables"]
    assert "BEFOREHAND_BEDROCK_MODEL" not in variables
    brief = assembly.functions()["churn_brief"]["Environment"]["Variables"]
    assert brief["BEFOREHAND_BEDROCK_CALLS_PER_RUN"] == "0"


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        (
            {"bedrock_model": NOVA},
            [("bedrock:InvokeModel", f"arn:<Partition>:bedrock:<Region>::foundation-model/{NOVA}", None)],
        ),
        (
            {"bedrock_model": NOVA, "bedrock_region": "us-east-1", "bedrock_guardrail": "abc:3"},
            [
                ("bedrock:InvokeModel", f"arn:<Partition>:bedrock:us-east-1::foundation-model/{NOVA}", None),
                ("bedrock:ApplyGuardrail", "arn:<Partition>:bedrock:us-east-1:<AccountId>:guardrail/abc", None),
            ],
        ),
        (
            {"bedrock_model": PROFILE_ARN, "bedrock_region": "eu-central-1"},
            [
                ("bedrock:InvokeModel", PROFILE_ARN, None),
                (
                    "bedrock:InvokeModel",
                    "arn:<Partition>:bedrock:*::foundation-model/*",
                    {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE_ARN}},
                ),
            ],
        ),
    ],
)  # fmt: skip
def test_the_right_ends_at_the_model_that_is_named(numbers: dict[str, str], wanted: list[Right]) -> None:
    assert rights(**numbers) == wanted


@pytest.fixture(scope="module")
def asking(synthesize: Synthesize) -> Assembly:
    """A stage that asks a model through a profile of its account."""
    return synthesize(
        "dev", bedrock_model=PROFILE, bedrock_guardrail="abc:3", bedrock_price_input="0.06",
        bedrock_price_output="0.24", bedrock_calls_per_run="7",
    )  # fmt: skip


def test_a_profile_by_its_id_is_one_of_the_account_and_none_but_the_writer_has_it(asking: Assembly) -> None:
    (profile, models, guardrail) = of_roles(asking)
    assert profile[1] == f"arn:<Partition>:bedrock:<Region>:<AccountId>:inference-profile/{PROFILE}"
    assert shown(models[2]["StringEquals"]["bedrock:InferenceProfileArn"]) == profile[1]
    assert guardrail[0] == "bedrock:ApplyGuardrail"


def test_functions_are_told_the_model_its_bounds_and_its_price(asking: Assembly) -> None:
    functions = asking.functions()
    given = {
        name: {k.removeprefix("BEFOREHAND_").lower(): v for k, v in f["Environment"]["Variables"].items()}
        for name, f in functions.items()
    }
    assert given["churn_write"]["bedrock_model"] == PROFILE
    assert given["churn_write"]["bedrock_max_tokens"] == "600"
    assert "bedrock_region" not in given["churn_write"]
    assert functions["churn_write"]["Timeout"] == 90
    assert given["churn_brief"]["bedrock_calls_per_run"] == "7"
    assert given["churn_brief"]["bedrock_calls_per_letter"] == "2"
    assert given["churn_propose"]["bedrock_price_input"] == "0.06"
    assert given["churn_propose"]["bedrock_price_output"] == "0.24"
