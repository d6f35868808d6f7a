"""Walks every role of a stage: whoever may sign in to the database reaches nothing over the internet."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.assembly import Assembly, Resource

SIGN_IN = "rds-db:connect"
GATEWAYS = ("s3:*", "dynamodb:*", "kms:*")
BY_LAMBDA_ITSELF = ("logs:*", "xray:*", "ec2:*NetworkInterface*", "ec2:*PrivateIpAddresses", "ec2:DescribeSubnets")
"""What the service does for the function, from outside the network."""


def test_no_role_has_both_the_database_and_the_internet(assembly: Assembly) -> None:
    seen = set()
    for name, rights in roles(assembly):
        if may_sign_in(rights):
            seen.add(name)
            assert beyond(rights, own_letters(assembly, name)) == set(), name
    assert len(seen) == len([f for f in assembly.functions().values() if "VpcConfig" in f]) > 0


def test_roles_have_no_rights_but_those_that_are_walked(assembly: Assembly) -> None:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        assert not assembly.of(kind)
    for name, role in assembly.of("AWS::IAM::Role").items():
        assert not role["Properties"].get("ManagedPolicyArns"), name
    for name, rights in roles(assembly):
        assert all(right["Effect"] == "Allow" and "Action" in right for right in rights), name
    assert {SIGN_IN, "states:StartExecution"} <= {
        a for _, rs in roles(assembly) for r in rs for a in listed(r["Action"])
    }


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("states:StartExecution", "*"),
        ("lambda:InvokeFunction", "*"),
        ("secretsmanager:GetSecretValue", "*"),
        ("sns:Publish", "*"),
        ("bedrock:InvokeModel", "*"),
        ("ec2:RunInstances", "*"),
        ("sqs:SendMessage", "*"),
        ("sqs:SendMessage", {"Fn::GetAtt": ["AnotherQueue", "Arn"]}),
        ("sqs:ReceiveMessage", {"Fn::GetAtt": ["Own", "Arn"]}),
        ("*", "*"),
        ("rds-db:*", "*"),
    ],
)
def test_a_right_that_opens_the_other_door_would_be_seen(action: str, resource: Any) -> None:
    right = {"Effect": "Allow", "Action": ["s3:GetObject", action], "Resource": resource}
    assert beyond([right], [{"Fn::GetAtt": ["Own", "Arn"]}]) == {action}


@pytest.mark.parametrize("action", [SIGN_IN, "rds-db:*", "rds-db:con*", "*"])
def test_a_sign_in_would_be_seen_however_it_is_written(action: str) -> None:
    assert may_sign_in([{"Action": action, "Resource": "*"}])


def roles(assembly: Assembly) -> Iterator[tuple[str, list[Resource]]]:
    """Every role by its logical id, with all its statements."""
    for name, role in assembly.of("AWS::IAM::Role").items():
        beside = [p for p in assembly.properties("AWS::IAM::Policy") if {"Ref": name} in p.get("Roles", [])]
        policies = [*role["Properties"].get("Policies", []), *beside]
        yield name, [s for policy in policies for s in listed(policy["PolicyDocument"]["Statement"])]


def own_letters(assembly: Assembly, role: str) -> list[Any]:
    """The queues that the functions of a role leave their own failures in."""
    functions = [
        {"Ref": name}
        for name, function in assembly.of("AWS::Lambda::Function").items()
        if function["Properties"]["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    ]
    return [
        when["DestinationConfig"]["OnFailure"]["Destination"]
        for when in assembly.properties("AWS::Lambda::EventInvokeConfig")
        if when["FunctionName"] in functions
    ]


def may_sign_in(rights: list[Resource]) -> bool:
    return any(fnmatchcase(SIGN_IN, action) for right in rights for action in listed(right["Action"]))


def beyond(rights: list[Resource], letters: list[Any]) -> set[str]:
    """The actions that reach AWS over the internet."""
    return {
        action
        for right in rights
        for action in listed(right["Action"])
        if action != SIGN_IN
        and not any(fnmatchcase(action, harmless) for harmless in (*GATEWAYS, *BY_LAMBDA_ITSELF))
        and not (action == "sqs:SendMessage" and all(queue in letters for queue in listed(right["Resource"])))
    }


def listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]
