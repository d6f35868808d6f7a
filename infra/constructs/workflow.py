"""A state machine as it reads: its steps in order, each with what it is given, what it remembers, what comes next.

Every step that fails leads to one place, where staff are told which step it was; a step that tells is never
repeated. Only a heartbeat that cannot be written fails nothing: the work is done, and its absence is noticed.
A workflow that runs every minute tells nobody: its alarm does, once.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.acknowledgements import EVERY_RESOURCE, acknowledge
from infra.constructs.heartbeats import Heartbeats
from infra.constructs.log_groups import log_group
from infra.constructs.staff_topic import StaffTopic
from infra.constructs.task_function import TaskFunction, camel
from infra.stage import Stage

State = dict[str, Any]

LAMBDA_TROUBLE = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
)
"""Lambda itself could not run the function; what the function raises is not among them and is never repeated."""

LATER_BEAT = "DynamoDB.ConditionalCheckFailedException"
"""A run that was due later has written its heartbeat already, or this one has, before it was repeated."""

ANY_ANSWER = "States.TaskFailed"
"""Whatever a service answers but success. For DynamoDB's throttling no names are documented to be relied on."""

FAILED = "TellFailure"
DUE = "$states.context.Execution.Input.due_at"
EXECUTION = "$states.context.Execution.Id"


def ask(expression: str) -> str:
    """An expression that the state machine works out (JSONata)."""
    return f"{{% {expression} %}}"


class Workflow(Construct):
    """States are added by name with `state`; `build` makes the state machine of them."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        stage: Stage,
        staff: StaffTopic | None,
        heartbeats: Heartbeats,
        time_limit: cdk.Duration,
        express: bool = False,
    ) -> None:
        """`express`: of at most five minutes, for what runs often; Step Functions may run it twice."""
        super().__init__(scope, camel(name))
        self.name = name
        self.states: dict[str, State] = {}
        self._stage = stage
        self._staff = staff
        self._heartbeats = heartbeats
        self._time_limit = time_limit
        self._express = express
        self._placeholders: dict[str, str] = {"StaffTopic": staff.arn} if staff else {}
        self._rights: list[iam.PolicyStatement] = []

    def state(self, name: str, state: State, *, caught: bool = False) -> None:
        """Adds a state; `caught` leads any failure that it does not catch itself to where staff are told."""
        if caught:
            otherwise = {"ErrorEquals": ["States.ALL"], "Assign": _failed(name), "Next": FAILED}
            state = {**state, "Catch": [*state.get("Catch", ()), otherwise]}
        self.states[name] = state

    def invoke(
        self,
        function: TaskFunction,
        payload: Mapping[str, Any],
        *,
        assign: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> State:
        """A task that calls a function, which may be repeated unless said otherwise; its output is the answer."""
        placeholder = camel(function.name)
        self._placeholders[placeholder] = function.arn
        self._rights.append(function.invoke())
        state: State = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": f"${{{placeholder}}}", "Payload": dict(payload)},
            "Output": ask("$states.result.Payload"),
        }
        if repeat:
            state["Retry"] = [_patiently(LAMBDA_TROUBLE)]
        if assign:
            state["Assign"] = {name: ask(f"$states.result.Payload.{field}") for name, field in assign.items()}
        return state

    def beat(self, schedule: str, *, run_id: str, then: str) -> State:
        """A task that writes down that the schedule did its work; a run for an earlier moment changes nothing.

        Repeating it is harmless. If it cannot be written at all, the run goes on to `then`: the work is done, its
        summary is told, and the missing heartbeat says the rest.
        """
        self._placeholders["Heartbeats"] = self._heartbeats.name
        self._rights += self._heartbeats.beat()
        moments = {"due_at": {"S": _sortable(DUE)}, "finished_at": {"S": ask("$now()")}}
        item = {"schedule": {"S": schedule}, "run_id": {"S": run_id}, **moments}
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Arguments": {
                "TableName": "${Heartbeats}",
                "Item": item,
                "ConditionExpression": "attribute_not_exists(due_at) OR due_at < :due_at",
                "ExpressionAttributeValues": {":due_at": item["due_at"]},
            },
            "Output": {},
            "Retry": [{"ErrorEquals": [LATER_BEAT], "MaxAttempts": 0}, _patiently([ANY_ANSWER])],
            "Catch": [{"ErrorEquals": [error], "Output": {}, "Next": then} for error in (LATER_BEAT, "States.ALL")],
            "Next": then,
        }

    def tell(self, subject: str, message: str, **attributes: str) -> State:
        """A task that tells staff, once; `attributes` travel beside the message, for filters."""
        assert self._staff is not None, "a workflow that tells has somebody to tell"
        self._rights += self._staff.tell()
        arguments: State = {"TopicArn": "${StaffTopic}", "Subject": subject, "Message": message}
        if attributes:
            arguments["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            }
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": arguments,
            "Output": {},
        }

    def build(self, *, start_at: str) -> sfn.StateMachine:
        """The state machine, with the place where every failure ends if there is somebody to tell."""
        if self._staff is not None:
            self._tell_of_failures()
        definition = {
            "Comment": f"infra/capabilities/{self.name.split('_')[0]}.py",
            "QueryLanguage": "JSONata",
            "TimeoutSeconds": self._time_limit.to_seconds(),
            "StartAt": start_at,
            "States": self.states,
        }
        return self._machine(definition)

    def _tell_of_failures(self) -> None:
        title = self.name.replace("_", " ")
        where = f"What to do: docs/operations.md, {self.name}. Where to look: "
        told = self.tell(
            subject=f"The {title} failed",
            message=ask(
                f"'The {title} that was due at ' & {DUE} & ' failed at the step ' & $failed_step & ' ('"
                f" & $failed_with & '). {where}' & {EXECUTION}"
            ),
        )
        self.state(FAILED, {**told, "Next": "Failed"})
        self.state("Failed", {"Type": "Fail", "Error": ask("$failed_with"), "Cause": ask("$failed_step")})

    def _machine(self, definition: State) -> sfn.StateMachine:
        log = log_group(
            self,
            "Log",
            stage=self._stage,
            # Under this prefix CloudWatch needs no resource policy, of which an account has only ten.
            name=f"/aws/vendedlogs/states/{self._stage.named(self.name)}",
        )
        return sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=self._stage.named(self.name),
            state_machine_type=sfn.StateMachineType.EXPRESS if self._express else sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions=self._placeholders,
            role=self._role().without_policy_updates(),
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL, include_execution_data=False),
        )

    def _role(self) -> iam.Role:
        acknowledge(
            self,
            EVERY_RESOURCE,
            "Log deliveries and X-Ray segments have no resource to name.",
        )
        return iam.Role(
            self,
            "Role",
            description=f"What the workflow {self.name} may do",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            inline_policies={"Rights": iam.PolicyDocument(statements=[*self._rights, *_observe()])},
        )


def _patiently(errors: Iterable[str]) -> State:
    """Four more attempts within about 15 seconds."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 20,
        "JitterStrategy": "FULL",
    }


def _sortable(moment: str) -> str:
    """A moment as text whose order is the order of time, however it was written."""
    return ask(f"$fromMillis($toMillis({moment}))")


def _failed(step: str) -> dict[str, str]:
    """Only the error's name is kept: its text may speak of a customer."""
    return {"failed_step": step, "failed_with": ask("$states.errorOutput.Error")}


def _observe() -> Iterable[iam.PolicyStatement]:
    deliveries = ["CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"]
    deliveries += ["ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"]
    traces = ["PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets"]
    actions = [*(f"logs:{name}" for name in deliveries), *(f"xray:{name}" for name in traces)]
    yield iam.PolicyStatement(actions=actions, resources=["*"])
