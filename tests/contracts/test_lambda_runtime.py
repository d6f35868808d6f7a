"""Python functions run as under AWS's own runtime: errors keep their type, environments stay warm."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import call, function, zipped

ERRORS = """
class PermanentError(Exception):
    pass

def handler(event, context):
    raise PermanentError("no such customer")
"""
COUNTER = """
import os
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event == "fail":
        raise ValueError("as asked")
    return {"calls": calls, "environment": id(os)}
"""


def test_an_error_keeps_its_type_message_and_place(aws: Aws) -> None:
    answer = call(aws, function(aws, ERRORS))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "PermanentError"
    assert answer["Payload"]["errorMessage"] == "no such customer"
    assert any("no such customer" in line for line in answer["Payload"]["stackTrace"])


def test_an_environment_stays_warm_after_an_error(aws: Aws) -> None:
    arn = function(aws, COUNTER)
    assert call(aws, arn)["Payload"]["calls"] == 1
    assert call(aws, arn, "fail")["Payload"]["errorType"] == "ValueError"
    assert call(aws, arn)["Payload"]["calls"] == 3


def test_a_code_that_cannot_be_imported_says_so(aws: Aws) -> None:
    answer = call(aws, function(aws, "import no_such_module\n"))
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"


def test_a_call_that_takes_too_long_is_ended(aws: Aws) -> None:
    arn = function(aws, "import time\ndef handler(event, context):\n    time.sleep(30)\n", Timeout=1)
    answer = call(aws, arn)
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["Payload"]["errorMessage"]


def test_layers_are_importable_and_the_function_comes_first(aws: Aws) -> None:
    client, name = aws.client("lambda"), aws.name("layer")
    files = {"python/from_layer.py": "WORD = 'layer'\n", "python/index.py": "raise RuntimeError('shadowed')\n"}
    layer = client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})
    aws.later(client.delete_layer_version, LayerName=name, VersionNumber=layer["Version"])
    arn = function(
        aws,
        "import from_layer\ndef handler(event, context):\n    return from_layer.WORD\n",
        Layers=[layer["LayerVersionArn"]],
    )
    assert call(aws, arn)["Payload"] == "layer"


def test_the_environment_is_that_of_lambda(aws: Aws) -> None:
    code = """
import os, time
def handler(event, context):
    return {
        "execution": os.environ["AWS_EXECUTION_ENV"], "group": os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        "mine": os.environ["MINE"], "zone": time.tzname[0], "foreign": [k for k in os.environ if "STATE_DIR" in k],
        "remaining": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
    }
"""
    arn = function(aws, code, Environment={"Variables": {"MINE": "yes"}})
    seen = call(aws, arn)["Payload"]
    assert seen["execution"] == "AWS_Lambda_python3.13"
    assert seen["group"] == "/aws/lambda/" + arn.rsplit(":", 1)[1]
    assert (seen["mine"], seen["zone"], seen["foreign"], seen["arn"]) == ("yes", "UTC", [], arn)
    assert 8_000 < seen["remaining"] <= 10_000


def test_the_end_of_the_log_comes_with_the_answer(aws: Aws) -> None:
    arn = function(aws, "def handler(event, context):\n    print('seen', event['name'])\n")
    answer = call(aws, arn, {"name": "Asha"}, LogType="Tail")
    assert "seen Asha" in base64.b64decode(answer["LogResult"]).decode()


def test_log_lines_reach_the_log_group(aws: Aws) -> None:
    arn = function(aws, "def handler(event, context):\n    print('written down')\n")
    logs, group = aws.client("logs"), "/aws/lambda/" + arn.rsplit(":", 1)[1]
    call(aws, arn)

    def lines() -> list[str]:
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events if "written down" in event["message"]]

    assert len(eventually(lines, seconds=60)) == 1
    aws.later(logs.delete_log_group, logGroupName=group)


def test_forty_calls_at_once_all_get_an_answer(aws: Aws) -> None:
    arn = function(aws, "def handler(event, context):\n    return event\n")
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: call(aws, arn, n)["Payload"], range(40)))
    assert answers == list(range(40))


def test_a_warm_call_is_quick(aws: Aws) -> None:
    arn = function(aws, "def handler(event, context):\n    return event\n")
    call(aws, arn)
    took = []
    for _ in range(20):
        started = time.perf_counter()
        call(aws, arn)
        took.append(time.perf_counter() - started)
    assert sorted(took)[10] < (0.5 if not aws.is_local else 0.035), "a Nagle stall alone is 40 ms"


def test_a_function_that_fails_asynchronously_is_tried_again_and_ends_in_its_destination(aws: Aws) -> None:
    client, sqs = aws.client("lambda"), aws.client("sqs")
    url = sqs.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
    aws.later(sqs.delete_queue, QueueUrl=url)
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    arn = function(aws, ERRORS)
    client.put_function_event_invoke_config(
        FunctionName=arn, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=b'{"id": 7}')
    received = eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), seconds=60)
    body = json.loads(received[0]["Body"])
    assert body["requestPayload"] == {"id": 7}
    assert body["responsePayload"]["errorType"] == "PermanentError"
