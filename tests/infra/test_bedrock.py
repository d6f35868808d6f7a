"""A function may ask exactly the model that its stage names, and none where it names none."""

import json
from typing import Any

import pytest

from tests.infra.assembly import Assembly, Synthesize

NOVA = "amazon.nova-lite-v1:0"
PROFILE_ARN = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"


def rights(assembly: Assembly) -> list[tuple[str, str, Any]]:
    """Every right to Bedrock of any role: what, on which resource, on which condition."""
    found = []
    for name, role in assembly.of("AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", ()):
            for one in policy["PolicyDocument"]["Statement"]:
                if "bedrock:" in json.dumps(one["Action"]):
                    assert name.startswith("ChurnChurnWrite"), name
                    found.append((one["Action"], shown(one["Resource"]), one.get("Condition")))
    return found


def shown(arn: Any) -> str:
    """An ARN with its references by name."""
    if isinstance(arn, str):
        return arn
    return "".join(
        part if isinstance(part, str) else f"<{part['Ref'].split('::')[-1]}>" for part in arn["Fn::Join"][1]
    )


def test_without_a_model_there_is_no_right_and_no_setting(assembly: Assembly) -> None:
    assert rights(assembly) == []
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
def test_the_right_ends_at_the_model_that_is_named(
    synthesize: Synthesize, numbers: dict[str, str], wanted: list[Any]
) -> None:
    assert rights(synthesize("dev", **numbers)) == wanted


def test_a_profile_by_its_id_is_one_of_the_account(synthesize: Synthesize) -> None:
    (profile, models) = rights(synthesize("dev", bedrock_model="apac.amazon.nova-lite-v1:0"))
    assert profile[1] == (
        "arn:<Partition>:bedrock:<Region>:<AccountId>:inference-profile/apac.amazon.nova-lite-v1:0"
    )
    assert shown(models[2]["StringEquals"]["bedrock:InferenceProfileArn"]) == profile[1]


def test_functions_are_told_the_model_its_bounds_and_its_price(synthesize: Synthesize) -> None:
    functions = synthesize(
        "dev", bedrock_model=NOVA, bedrock_price_input="0.06", bedrock_price_output="0.24",
        bedrock_calls_per_run="7",
    ).functions()  # fmt: skip
    given = {
        name: {k.removeprefix("BEFOREHAND_").lower(): v for k, v in f["Environment"]["Variables"].items()}
        for name, f in functions.items()
    }
    assert given["churn_write"]["bedrock_model"] == NOVA
    assert given["churn_write"]["bedrock_max_tokens"] == "600"
    assert "bedrock_region" not in given["churn_write"]
    assert functions["churn_write"]["Timeout"] == 90
    assert given["churn_brief"]["bedrock_calls_per_run"] == "7"
    assert given["churn_brief"]["bedrock_calls_per_letter"] == "2"
    assert given["churn_propose"]["bedrock_price_input"] == "0.06"
    assert given["churn_propose"]["bedrock_price_output"] == "0.24"
