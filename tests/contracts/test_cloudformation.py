"""What a template says is what there is afterwards: nothing of it is dropped in silence."""

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pg8000.native
import pytest
from botocore.exceptions import WaiterError

from tests.contracts.conftest import Aws, eventually

Template = dict[str, Any]
FUNCTION_ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]},
                }
            ],
        },
        "Policies": [
            {
                "PolicyName": "all",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
                },
            }
        ],
    },
}


def attribute(resource: str, name: str) -> Template:
    return {"Fn::GetAtt": [resource, name]}


def outputs(**values: Any) -> Template:
    return {name: {"Value": value} for name, value in values.items()}


class Stack:
    """One stack, created, updated, deleted."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.client("cloudformation")
        self.name = aws.name("stack")
        self._delay = {"Delay": 1 if aws.is_local else 5}

    def create(self, resources: Template, **found: Any) -> dict[str, str]:
        self._client.create_stack(**self._request(resources, found))
        self._client.get_waiter("stack_create_complete").wait(StackName=self.name, WaiterConfig=self._delay)
        return self.outputs()

    def update(self, resources: Template, **found: Any) -> dict[str, str]:
        self._client.update_stack(**self._request(resources, found))
        self._client.get_waiter("stack_update_complete").wait(StackName=self.name, WaiterConfig=self._delay)
        return self.outputs()

    def delete(self) -> None:
        self._client.delete_stack(StackName=self.name)
        self._client.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig=self._delay)

    def outputs(self) -> dict[str, str]:
        found = self._client.describe_stacks(StackName=self.name)["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def reasons(self) -> str:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    def _request(self, resources: Template, found: Template) -> Template:
        template = {"Resources": resources, "Outputs": outputs(**found or {"Name": self.name})}
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        return {"StackName": self.name, "TemplateBody": json.dumps(template), "Capabilities": capabilities}


@pytest.fixture
def stack(aws: Aws) -> Stack:
    made = Stack(aws)
    aws.later(made.delete)
    return made


def inline_function(code: str, **more: Any) -> Template:
    properties = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": attribute("Role", "Arn"),
        "Code": {"ZipFile": code},
        **more,
    }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def test_rules_of_their_own_reach_their_security_group_and_leave_it_again(aws: Aws, stack: Stack) -> None:
    def rule(kind: str, port: int, **peer: Any) -> Template:
        properties = {
            "GroupId": attribute("Group", "GroupId"),
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
        }
        return {"Type": f"AWS::EC2::SecurityGroup{kind}", "Properties": {**properties, **peer}}

    group = {"GroupDescription": "contract", "VpcId": {"Ref": "Vpc"}}
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.77.0.0/16"}},
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
        "In": rule("Ingress", 5432, CidrIp=attribute("Vpc", "CidrBlock")),
        "Out": rule("Egress", 443, DestinationSecurityGroupId=attribute("Group", "GroupId")),
    }
    found = stack.create(resources, Group=attribute("Group", "GroupId"), Cidr=attribute("Vpc", "CidrBlock"))
    assert found["Cidr"] == "10.77.0.0/16"

    def ports(direction: str) -> list[int]:
        described = aws.client("ec2").describe_security_groups(GroupIds=[found["Group"]])["SecurityGroups"][0]
        return [permission["FromPort"] for permission in described[direction] if "FromPort" in permission]

    assert (ports("IpPermissions"), ports("IpPermissionsEgress")) == ([5432], [443])
    stack.update({name: resources[name] for name in ("Vpc", "Group")}, Group=attribute("Group", "GroupId"))
    assert (ports("IpPermissions"), ports("IpPermissionsEgress")) == ([], [])


def test_a_table_keeps_its_time_to_live(aws: Aws, stack: Stack) -> None:
    properties = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    found = stack.create(
        {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}, Table={"Ref": "Table"}
    )
    described = aws.client("dynamodb").describe_time_to_live(TableName=found["Table"])
    assert described["TimeToLiveDescription"] == {"AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED"}


def test_a_schedule_keeps_its_zone_its_bounds_and_its_retry_policy(aws: Aws, stack: Stack) -> None:
    client = aws.client("scheduler")

    def resources(expression: str, zone: str) -> Template:
        target = {
            "Arn": attribute("Queue", "Arn"),
            "RoleArn": attribute("Role", "Arn"),
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 120},
            "DeadLetterConfig": {"Arn": attribute("Queue", "Arn")},
        }
        properties = {
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone,
            "StartDate": "2050-01-01T00:00:00Z",
            "EndDate": "2050-02-01T00:00:00Z",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "GroupName": {"Ref": "Group"},
            "Target": target,
        }
        return {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": FUNCTION_ROLE,
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup"},
            "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties},
        }

    names = {"Schedule": {"Ref": "Schedule"}, "Group": {"Ref": "Group"}}
    found = stack.create(resources("cron(0 10 * * ? *)", "Asia/Kolkata"), **names)
    made = client.get_schedule(Name=found["Schedule"], GroupName=found["Group"])
    assert (made["ScheduleExpression"], made["ScheduleExpressionTimezone"]) == (
        "cron(0 10 * * ? *)",
        "Asia/Kolkata",
    )
    assert made["StartDate"].astimezone(UTC) == datetime(2050, 1, 1, tzinfo=UTC)
    assert made["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 120}
    found = stack.update(resources("cron(0 11 * * ? *)", "Europe/Berlin"), **names)
    made = client.get_schedule(Name=found["Schedule"], GroupName=found["Group"])
    assert (made["ScheduleExpression"], made["ScheduleExpressionTimezone"]) == (
        "cron(0 11 * * ? *)",
        "Europe/Berlin",
    )


def test_a_schedule_that_could_never_fire_fails_its_stack(aws: Aws, stack: Stack) -> None:
    properties = {
        "ScheduleExpression": "rate(often)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": attribute("Queue", "Arn"), "RoleArn": attribute("Role", "Arn")},
    }
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Role": FUNCTION_ROLE,
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties},
    }
    with pytest.raises(WaiterError):
        stack.create(resources)
    assert "Invalid Schedule Expression" in stack.reasons()


def test_an_object_that_arrives_is_an_event_that_a_rule_hands_on(aws: Aws, stack: Stack) -> None:
    bucket = aws.name("bucket")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "imports/"}]}},
    }
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    resources = {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": bucket,
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [may_send]},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": pattern,
                "Targets": [{"Id": "queue", "Arn": attribute("Queue", "Arn")}],
            },
        },
    }
    found = stack.create(resources, Queue={"Ref": "Queue"})
    s3, sqs = aws.client("s3"), aws.client("sqs")
    for key in ("elsewhere/x.csv", "imports/a b.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"id\n1\n")
        aws.later(s3.delete_object, Bucket=bucket, Key=key)

    def message() -> Any:
        return sqs.receive_message(QueueUrl=found["Queue"], WaitTimeSeconds=1).get("Messages")

    event = json.loads(eventually(message, seconds=60)[0]["Body"])
    assert event["detail"]["object"]["key"] == "imports/a b.csv"
    assert event["detail"]["object"]["size"] == 5
    assert event["detail"]["reason"] == "PutObject"
    for key in ("elsewhere/x.csv", "imports/a b.csv"):
        s3.delete_object(Bucket=bucket, Key=key)


def test_an_async_failure_of_a_function_from_a_template_goes_where_the_template_says(
    aws: Aws, stack: Stack
) -> None:
    resources = {
        "Role": FUNCTION_ROLE,
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Function": inline_function("def handler(event, context):\n    raise ValueError('no')\n"),
        "Config": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {"OnFailure": {"Destination": attribute("Queue", "Arn")}},
            },
        },
    }
    found = stack.create(resources, Function={"Ref": "Function"}, Queue={"Ref": "Queue"})
    aws.client("lambda").invoke(FunctionName=found["Function"], InvocationType="Event", Payload=b"{}")
    sqs = aws.client("sqs")
    got = eventually(
        lambda: sqs.receive_message(QueueUrl=found["Queue"], WaitTimeSeconds=1).get("Messages"), seconds=60
    )
    assert json.loads(got[0]["Body"])["requestContext"]["condition"] == "RetriesExhausted"


def test_small_print_is_kept(aws: Aws, stack: Stack) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "kms:*",
                "Resource": "*",
                "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
            }
        ],
    }
    resources = {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": {"BlockPublicPolicy": True},
            },
        },
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, "EnableKeyRotation": True}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 14}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "Beforehand"}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": 77, "MessageRetentionPeriod": 1_209_600},
        },
        "Role": FUNCTION_ROLE,
        "Function": inline_function("", Timeout=77, MemorySize=512, TracingConfig={"Mode": "Active"}),
    }
    found = stack.create(resources, **{name: {"Ref": name} for name in resources})
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=found["Bucket"])["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=found["Bucket"])["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is True
    assert aws.client("kms").get_key_rotation_status(KeyId=found["Key"])["KeyRotationEnabled"] is True
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=found["Logs"])["logGroups"]
    assert groups[0]["retentionInDays"] == 14
    topic = aws.client("sns").get_topic_attributes(TopicArn=found["Topic"])["Attributes"]
    assert topic["DisplayName"] == "Beforehand"
    queue = aws.client("sqs").get_queue_attributes(QueueUrl=found["Queue"], AttributeNames=["All"])["Attributes"]
    assert (queue["VisibilityTimeout"], queue["MessageRetentionPeriod"]) == ("77", "1209600")
    function = aws.client("lambda").get_function_configuration(FunctionName=found["Function"])
    assert (function["Timeout"], function["MemorySize"], function["TracingConfig"]) == (77, 512, {"Mode": "Active"})


CUSTOM = """
import json, urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    failed = properties.get("Fail") == "true" and event["RequestType"] != "Delete"
    answer = {
        "Status": "FAILED" if failed else "SUCCESS", "Reason": "as the template asked",
        "PhysicalResourceId": "contract", "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"], "Data": {"Doubled": properties["N"] * 2},
    }
    body = json.dumps(answer).encode()
    headers = {"content-type": "", "content-length": str(len(body))}
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers=headers)
    urllib.request.urlopen(request, timeout=10).read()
"""


def custom(fail: bool) -> Template:
    return {
        "Role": FUNCTION_ROLE,
        "Function": inline_function(CUSTOM, Timeout=20),
        "Custom": {
            "Type": "Custom::Contract",
            "Properties": {
                "ServiceToken": attribute("Function", "Arn"),
                "ServiceTimeout": 30,
                "N": "ab",
                "Fail": str(fail).lower(),
            },
        },
    }


def test_a_custom_resource_gives_its_data_to_the_stack(stack: Stack) -> None:
    assert stack.create(custom(fail=False), Doubled=attribute("Custom", "Doubled"))["Doubled"] == "abab"


def test_a_custom_resource_that_fails_fails_the_stack_with_its_reason(stack: Stack) -> None:
    with pytest.raises(WaiterError):
        stack.create(custom(fail=True))
    assert "as the template asked" in stack.reasons()


def database(**more: Any) -> Template:
    properties = {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": "20",
        "DBName": "beforehand",
        "MasterUsername": "beforehand_master",
        "ManageMasterUserPassword": True,
        "EnableIAMDatabaseAuthentication": True,
        **more,
    }
    return {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": properties}}


def test_the_database_is_where_its_stack_says_and_its_secret_opens_it(
    aws: Aws, stack: Stack, verified: Callable[..., pg8000.native.Connection]
) -> None:
    addresses = aws.local()
    found = stack.create(
        database(),
        Host=attribute("Database", "Endpoint.Address"),
        Port=attribute("Database", "Endpoint.Port"),
        Secret=attribute("Database", "MasterUserSecret.SecretArn"),
    )
    assert (found["Host"], found["Port"]) == ("127.0.0.1", str(addresses.database_port))
    secrets = aws.client("secretsmanager")
    secret = json.loads(secrets.get_secret_value(SecretId=found["Secret"])["SecretString"])
    assert secret.keys() == {"username", "password"}
    connection = verified(secret["username"], secret["password"], host=found["Host"], port=int(found["Port"]))
    assert connection.run("SELECT current_user, current_database()") == [["beforehand_master", "beforehand"]]
    connection.close()
    stack.update(database(BackupRetentionPeriod=2), Secret=attribute("Database", "MasterUserSecret.SecretArn"))
    assert stack.outputs()["Secret"] == found["Secret"]
    stack.delete()
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=found["Secret"])


def test_a_database_that_there_is_not_fails_its_stack(aws: Aws, stack: Stack) -> None:
    aws.local()
    with pytest.raises(WaiterError):
        stack.create(database(DBName="another"))
    assert "wants the database another" in stack.reasons()


@pytest.fixture
def verified(aws: Aws) -> Callable[..., pg8000.native.Connection]:
    """Opens a connection over verified TLS."""

    def connect(user: str, password: str, **address: Any) -> pg8000.native.Connection:
        context = ssl.create_default_context(cafile=str(aws.local().database_ca))
        return pg8000.native.Connection(
            user, password=password, database="beforehand", ssl_context=context, **address
        )

    return connect
