"""State machines in JSONata do here what they do in AWS, down to how they are stopped and time out."""

import json
import time
from typing import Any

import pytest

from tests.contracts.conftest import Aws, eventually
from tests.contracts.functions import function, role

FLAKY = """
import time
tries = {}

class NotYetError(Exception):
    pass

def handler(event, context):
    tries[event["id"]] = tries.get(event["id"], 0) + 1
    if tries[event["id"]] <= event["failures"]:
        raise NotYetError(f"try {tries[event['id']]}")
    return {"tries": tries[event["id"]]}
"""
SLOW = """
import time

def handler(event, context):
    began = time.time()
    time.sleep(0.5)
    return [began, time.time()]
"""
FAIL_AS_TOLD = {"id": "{% $states.input.at %}", "failures": "{% $states.input.value %}"}
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def machine(aws: Aws, states: dict[str, Any], *, kind: str = "STANDARD", **settings: Any) -> str:
    """The ARN of a new state machine in JSONata that starts at its first state."""
    client, role_arn = aws.client("stepfunctions"), role(aws)
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **settings}
    name = aws.name("machine")

    def create() -> str | None:
        try:
            made = client.create_state_machine(
                name=name, definition=json.dumps(definition), roleArn=role_arn, type=kind
            )
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                return None  # AWS needs a moment until it knows the new role
            raise
        return str(made["stateMachineArn"])

    arn: str = eventually(create, seconds=30)
    aws.later(client.delete_state_machine, stateMachineArn=arn)
    return arn


def start(aws: Aws, arn: str, data: Any = None) -> str:
    answer = aws.client("stepfunctions").start_execution(stateMachineArn=arn, input=json.dumps(data or {}))
    return str(answer["executionArn"])


def ended(aws: Aws, execution: str) -> dict[str, Any]:
    client = aws.client("stepfunctions")

    def description() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_execution(executionArn=execution)
        return found if found["status"] in ENDED else None

    answer: dict[str, Any] = eventually(description, seconds=40)
    return answer


def run(aws: Aws, states: dict[str, Any], data: Any = None, **settings: Any) -> dict[str, Any]:
    """Run to the end; the output is decoded."""
    found = ended(aws, start(aws, machine(aws, states, **settings), data))
    return {**found, "output": json.loads(found["output"]) if "output" in found else None}


def task(resource: str, arguments: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}


def invoke(arn: str, payload: Any, **more: Any) -> dict[str, Any]:
    called = task("lambda:invoke", {"FunctionName": arn, "Payload": payload})
    return {**called, "Output": "{% $states.result.Payload %}", **more}


def test_succeed_gives_the_output_it_names(aws: Aws) -> None:
    done = run(aws, {"Done": {"Type": "Succeed", "Output": {"twice": "{% $states.input.n * 2 %}"}}}, {"n": 21})
    assert (done["status"], done["output"]) == ("SUCCEEDED", {"twice": 42})


def test_variables_live_on_after_the_state_that_assigned_them(aws: Aws) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"who": "{% $states.input.name %}", "n": 1}, "Next": "Add"},
        "Add": {"Type": "Pass", "Output": {}, "Assign": {"n": "{% $n + 1 %}"}, "Next": "Done"},
        "Done": {"Type": "Succeed", "Output": "{% $who & ' ' & $string($n) %}"},
    }
    assert run(aws, states, {"name": "Asha"})["output"] == "Asha 2"


def test_assign_and_output_both_see_the_values_from_before(aws: Aws) -> None:
    states = {
        "One": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Two"},
        "Two": {"Type": "Pass", "Assign": {"n": 2}, "Output": "{% $n %}", "Next": "Done"},
        "Done": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $n %}"]},
    }
    assert run(aws, states)["output"] == [1, 2]


@pytest.mark.parametrize(("risk", "taken"), [(0.9, "Act"), (0.1, "Wait")])
def test_choice_takes_the_first_condition_that_holds(aws: Aws, risk: float, taken: str) -> None:
    states = {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.risk >= 0.6 %}", "Next": "Act"}],
            "Default": "Wait",
        },
        "Act": {"Type": "Succeed", "Output": "Act"},
        "Wait": {"Type": "Succeed", "Output": "Wait"},
    }
    assert run(aws, states, {"risk": risk})["output"] == taken


def test_a_choice_without_default_fails_when_nothing_holds(aws: Aws) -> None:
    states = {
        "Which": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Done"}]},
        "Done": {"Type": "Succeed"},
    }
    done = run(aws, states)
    assert (done["status"], done["error"]) == ("FAILED", "States.NoChoiceMatched")


def test_retry_tries_a_named_error_again_until_it_passes(aws: Aws) -> None:
    policy = {"ErrorEquals": ["NotYetError"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1}
    each_task = invoke(function(aws, FLAKY), {"id": "a", "failures": 2}, Retry=[policy], End=True)
    done = run(aws, {"Try": each_task})
    assert (done["status"], done["output"]) == ("SUCCEEDED", {"tries": 3})


def test_what_is_never_to_be_retried_goes_before_what_is(aws: Aws) -> None:
    never = {"ErrorEquals": ["NotYetError"], "MaxAttempts": 0}
    policy = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 2}
    each_task = invoke(function(aws, FLAKY), {"id": "a", "failures": 1}, End=True)
    done = run(aws, {"Try": {**each_task, "Retry": [never, policy]}})
    assert (done["status"], done["error"]) == ("FAILED", "NotYetError")
    assert run(aws, {"Try": {**each_task, "Retry": [policy]}})["status"] == "SUCCEEDED"


def test_retry_of_another_error_does_not_help(aws: Aws) -> None:
    policy = {"ErrorEquals": ["OtherError"], "IntervalSeconds": 1, "MaxAttempts": 3}
    each_task = invoke(function(aws, FLAKY), {"id": "a", "failures": 1}, Retry=[policy], End=True)
    done = run(aws, {"Try": each_task})
    assert (done["status"], done["error"]) == ("FAILED", "NotYetError")
    assert json.loads(done["cause"])["errorMessage"] == "try 1"


def test_catch_takes_the_named_error_and_may_assign_what_it_saw(aws: Aws) -> None:
    catch = {
        "ErrorEquals": ["NotYetError"],
        "Assign": {"failed_with": "{% $states.errorOutput.Error %}"},
        "Output": "{% $parse($states.errorOutput.Cause).errorMessage %}",
        "Next": "Tell",
    }
    states = {
        "Try": invoke(function(aws, FLAKY), {"id": "a", "failures": 9}, Catch=[catch], End=True),
        "Tell": {"Type": "Succeed", "Output": "{% $failed_with & ': ' & $states.input %}"},
    }
    assert run(aws, states)["output"] == "NotYetError: try 1"


def test_a_failed_expression_is_an_error_of_its_own_name(aws: Aws) -> None:
    done = run(aws, {"Bad": {"Type": "Pass", "Output": "{% $number('x') %}", "End": True}})
    assert (done["status"], done["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_fail_says_its_error_and_cause(aws: Aws) -> None:
    fail = {"Type": "Fail", "Error": "ScanFailed", "Cause": "{% 'in ' & $states.input.step %}"}
    done = run(aws, {"No": fail}, {"step": "Brief"})
    assert (done["status"], done["error"], done["cause"]) == ("FAILED", "ScanFailed", "in Brief")


def mapped(task: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {
            "value": "{% $states.context.Map.Item.Value %}",
            "at": "{% $states.context.Map.Item.Index %}",
        },
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Each", "States": {"Each": task}},
        **settings,
    }


def test_map_keeps_the_order_and_knows_each_index(aws: Aws) -> None:
    each_task = {"Type": "Pass", "Output": "{% $states.input.value & $string($states.input.at) %}", "End": True}
    done = run(aws, {"Map": mapped(each_task, MaxConcurrency=2, End=True)}, {"items": ["a", "b", "c"]})
    assert done["output"] == ["a0", "b1", "c2"]


def test_map_over_nothing_gives_an_empty_list(aws: Aws) -> None:
    done = run(aws, {"Map": mapped({"Type": "Pass", "End": True}, End=True)}, {"items": []})
    assert (done["status"], done["output"]) == ("SUCCEEDED", [])


def test_map_runs_no_more_at_once_than_allowed(aws: Aws) -> None:
    arn = function(aws, SLOW)
    done = run(aws, {"Map": mapped(invoke(arn, {}, End=True), MaxConcurrency=2, End=True)}, {"items": [1] * 5})
    spans = done["output"]
    most = max(sum(1 for a, b in spans if a <= moment < b) for moment, _ in spans)
    assert most == 2


def test_a_caught_error_of_one_item_does_not_stop_the_others(aws: Aws) -> None:
    catch = {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "Noted"}
    each_task = invoke(function(aws, FLAKY), FAIL_AS_TOLD, Catch=[catch], End=True)
    each = mapped(each_task, End=True)
    each["ItemProcessor"]["States"]["Noted"] = {"Type": "Pass", "End": True}
    done = run(aws, {"Map": each}, {"items": [0, 1, 0]})
    assert done["output"] == [{"tries": 1}, "NotYetError", {"tries": 1}]


def test_an_item_that_fails_is_handed_on_as_it_was(aws: Aws) -> None:
    kept = {"Output": "{% $states.input %}", "Next": "Noted"}
    each_task = invoke(function(aws, FLAKY), FAIL_AS_TOLD, Catch=[{"ErrorEquals": ["States.ALL"], **kept}], **kept)
    each = mapped(each_task, End=True)
    each["ItemProcessor"]["States"]["Noted"] = {"Type": "Pass", "Output": "{% $states.input.value %}", "End": True}
    done = run(aws, {"Map": each}, {"items": [0, 1]})
    assert done["output"] == [0, 1]


def test_an_uncaught_error_of_one_item_fails_the_map(aws: Aws) -> None:
    each_task = invoke(function(aws, FLAKY), FAIL_AS_TOLD, End=True)
    done = run(aws, {"Map": mapped(each_task, End=True)}, {"items": [0, 1]})
    assert (done["status"], done["error"]) == ("FAILED", "NotYetError")


def test_a_topic_is_published_to_without_a_function(aws: Aws) -> None:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name=aws.name("topic"))["TopicArn"]
    aws.later(sns.delete_topic, TopicArn=topic)
    url = sqs.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
    aws.later(sqs.delete_queue, QueueUrl=url)
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    arguments = {"TopicArn": topic, "Subject": "Scan", "Message": "{% 'failed in ' & $states.input.step %}"}
    done = run(aws, {"Tell": {**task("sns:publish", arguments), "End": True}}, {"step": "Brief"})
    assert done["output"]["MessageId"]
    got = eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    assert got[0]["Body"] == "failed in Brief"


def test_items_are_put_and_updated_without_a_function(aws: Aws) -> None:
    client, table = aws.client("dynamodb"), aws.name("table")
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.later(client.delete_table, TableName=table)
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    item = {"id": {"S": "{% $states.input.id %}"}, "n": {"N": "1"}}
    put = {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    update = {
        "TableName": table,
        "Key": {"id": {"S": "{% $states.input.id %}"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    taken = {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Taken"}
    states = {
        "Put": {
            **task("dynamodb:putItem", put),
            "Output": "{% $states.input %}",
            "Catch": [taken],
            "Next": "Add",
        },
        "Add": {**task("dynamodb:updateItem", update), "End": True},
        "Taken": {"Type": "Succeed", "Output": "taken"},
    }
    arn = machine(aws, states)
    assert ended(aws, start(aws, arn, {"id": "x"}))["status"] == "SUCCEEDED"
    assert client.get_item(TableName=table, Key={"id": {"S": "x"}})["Item"]["n"] == {"N": "2"}
    assert json.loads(ended(aws, start(aws, arn, {"id": "x"}))["output"]) == "taken"


def test_the_same_name_runs_once(aws: Aws) -> None:
    client, arn = aws.client("stepfunctions"), machine(aws, {"Done": {"Type": "Succeed"}})
    first = client.start_execution(stateMachineArn=arn, name="due-1000", input="{}")["executionArn"]
    ended(aws, first)
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="due-1000", input='{"other": 1}')


def test_starting_what_runs_again_changes_nothing(aws: Aws) -> None:
    client, states = aws.client("stepfunctions"), {"Wait": {"Type": "Wait", "Seconds": 20, "End": True}}
    arn = machine(aws, states)
    first, second = (
        client.start_execution(stateMachineArn=arn, name="due-1000", input="{}")["executionArn"] for _ in "ab"
    )
    assert first == second
    client.stop_execution(executionArn=first)


def test_a_token_of_a_stopped_execution_is_refused(aws: Aws) -> None:
    client, sqs = aws.client("stepfunctions"), aws.client("sqs")
    url = sqs.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
    aws.later(sqs.delete_queue, QueueUrl=url)
    arguments = {"QueueUrl": url, "MessageBody": "{% $states.context.Task.Token %}"}
    execution = start(
        aws, machine(aws, {"Ask": {**task("sqs:sendMessage.waitForTaskToken", arguments), "End": True}})
    )
    got = eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    client.stop_execution(executionArn=execution)
    late = (client.exceptions.TaskTimedOut, client.exceptions.TaskDoesNotExist)

    def is_refused() -> bool:
        try:
            client.send_task_success(taskToken=got[0]["Body"], output="{}")
        except late:
            return True
        return False

    assert eventually(is_refused, seconds=5)
    assert ended(aws, execution)["status"] == "ABORTED"


def test_a_machine_that_takes_too_long_is_timed_out(aws: Aws) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 30, "Next": "Done"}, "Done": {"Type": "Succeed"}}
    assert run(aws, states, TimeoutSeconds=2)["status"] == "TIMED_OUT"


def test_stop_ends_the_work_and_not_only_its_status(aws: Aws) -> None:
    client, sqs = aws.client("stepfunctions"), aws.client("sqs")
    url = sqs.create_queue(QueueName=aws.name("queue"))["QueueUrl"]
    aws.later(sqs.delete_queue, QueueUrl=url)
    send = {**task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "x"}), "Next": "Pause"}
    each = mapped(send, MaxConcurrency=1, End=True)
    each["ItemProcessor"]["States"]["Pause"] = {"Type": "Wait", "Seconds": 1, "End": True}
    execution = start(aws, machine(aws, {"Map": each}), {"items": list(range(20))})

    def sent() -> int:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    eventually(lambda: sent() >= 2)
    client.stop_execution(executionArn=execution, error="Stopped", cause="by hand")
    at_stop, began = sent(), time.monotonic()
    eventually(lambda: time.monotonic() - began > 3.5)
    assert sent() <= at_stop + 1, "one item may have been under way"
    assert ended(aws, execution)["status"] == "ABORTED"
