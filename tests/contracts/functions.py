"""Small Lambda functions and roles for the contracts."""

import io
import json
import zipfile
from typing import Any

from tests.contracts.conftest import Aws, eventually

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "Service": [f"{name}.amazonaws.com" for name in ("lambda", "states", "scheduler", "events")]
            },
        }
    ],
}
_MAY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
    "logs:*", "lambda:InvokeFunction", "sqs:*", "sns:*", "states:*", "dynamodb:*", "events:PutEvents",
]}]}  # fmt: skip


def role(aws: Aws) -> str:
    """The ARN of a role that may do what the contracts do."""
    iam, name = aws.client("iam"), aws.name("role")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    aws.later(iam.delete_role, RoleName=name)
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(_MAY))
    aws.later(iam.delete_role_policy, RoleName=name, PolicyName="all")
    return arn


def zipped(files: dict[str, str]) -> bytes:
    """A zip of text files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def function(aws: Aws, code: str, **settings: Any) -> str:
    """The ARN of a new function whose `index.handler` is in `code`."""
    client, name = aws.client("lambda"), aws.name("function")
    settings = {"Timeout": 10, "MemorySize": 256, **settings}

    def create() -> str:
        arn: str = client.create_function(
            FunctionName=name,
            Role=role_arn,
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": zipped({"index.py": code})},
            **settings,
        )["FunctionArn"]
        return arn

    role_arn = role(aws)

    def created() -> str | None:
        try:
            return create()
        except client.exceptions.InvalidParameterValueException:
            return None  # AWS needs a moment until it knows the new role

    arn: str = eventually(created, seconds=30)
    aws.later(client.delete_function, FunctionName=name)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return arn


def call(aws: Aws, arn: str, event: Any = None, **more: Any) -> dict[str, Any]:
    """Invoke and read the payload."""
    answer = aws.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(event).encode(), **more)
    return {**answer, "Payload": json.loads(answer["Payload"].read() or b"null")}
