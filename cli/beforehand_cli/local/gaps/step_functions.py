"""Step Functions: what has ended does nothing more, machines time out, and `Succeed` gives the output it names.

In the emulator StopExecution only sets the status while the work goes on, a late failure then turns ABORTED into
FAILED, a state machine's TimeoutSeconds and a JSONata `Output` on Succeed are ignored, and starting a running
execution again is refused where AWS gives the same answer again.
"""

import contextvars
import json
import threading
from collections import defaultdict
from typing import Any

from ministack.core.responses import json_response, now_iso
from ministack.services import stepfunctions

_WITH_EXECUTION = ("_execute_task", "_execute_parallel", "_execute_map")
_WITHOUT_EXECUTION = ("_execute_pass", "_execute_choice", "_execute_wait")
_execution_id: contextvars.ContextVar[str] = contextvars.ContextVar("execution_id", default="")
_tokens: dict[str, set[str]] = defaultdict(set)
Execution = dict[str, Any]


def apply() -> None:
    """Check before each state whether the execution still runs; end it when it must."""
    for name in _WITH_EXECUTION + _WITHOUT_EXECUTION:
        setattr(stepfunctions, name, _while_running(getattr(stepfunctions, name)))
    _keep_the_first_end()
    _time_out()
    _release_tokens()
    _give_output_of_succeed()
    _start_again()


def _while_running(handler: Any) -> Any:
    """The state's handler, which refuses when its execution has ended."""

    def handle(state: Execution, data: Any, *rest: Any) -> Any:
        context = rest[-1]
        execution = stepfunctions._executions.get(context["Execution"]["Id"])
        if execution is not None and execution["status"] != "RUNNING":
            raise stepfunctions._ExecutionError("States.Runtime", f"the execution is {execution['status']}")
        _execution_id.set(context["Execution"]["Id"])
        return handler(state, data, *rest)

    return handle


def _keep_the_first_end() -> None:
    fail = stepfunctions._fail_execution

    def fail_if_running(execution: Execution, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    stepfunctions._fail_execution = fail_if_running


def _time_out() -> None:
    run = stepfunctions._run_execution

    def run_in_time(execution_arn: str) -> None:
        seconds = _seconds_allowed(execution_arn)
        if seconds is None:
            run(execution_arn)
            return
        scope = contextvars.copy_context()
        timer = threading.Timer(seconds, scope.run, args=(_expire, execution_arn))
        timer.daemon = True
        timer.start()
        try:
            run(execution_arn)
        finally:
            timer.cancel()

    stepfunctions._run_execution = run_in_time


def _seconds_allowed(execution_arn: str) -> float | None:
    execution = stepfunctions._executions.get(execution_arn) or {}
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
    try:
        seconds = json.loads(machine.get("definition", "{}")).get("TimeoutSeconds")
    except json.JSONDecodeError:
        return None  # the emulator itself refuses to run it
    return float(seconds) if seconds is not None else None


def _expire(execution_arn: str) -> None:
    execution = stepfunctions._executions.get(execution_arn)
    if execution is None or execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=now_iso(), error="States.Timeout", cause=None)
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    _drop_tokens(execution_arn)
    stepfunctions._emit_execution_status_event(execution)


def _release_tokens() -> None:
    """A token of an execution that has ended is good for nothing, and nobody waits for it any more."""
    wait, stop = stepfunctions._invoke_with_callback, stepfunctions._stop_execution

    def wait_for_token(resource: str, data: Any, token: str, state: Execution) -> Any:
        execution_id = _execution_id.get()
        _tokens[execution_id].add(token)
        try:
            return wait(resource, data, token, state)
        finally:
            _tokens[execution_id].discard(token)

    def stop_execution(request: Execution) -> Any:
        answer = stop(request)
        _drop_tokens(request.get("executionArn", ""))
        return answer

    stepfunctions._invoke_with_callback = wait_for_token
    stepfunctions._stop_execution = stop_execution


def _drop_tokens(execution_arn: str) -> None:
    execution = stepfunctions._executions.get(execution_arn) or {}
    if execution.get("status") == "RUNNING":
        return
    for token in _tokens.pop(execution_arn, set()).copy():
        waiting = stepfunctions._task_tokens.get(token)
        if waiting is not None:
            waiting["error"] = {"Error": "States.Runtime", "Cause": "the execution has ended"}
            waiting["event"].set()


def _give_output_of_succeed() -> None:
    """A Succeed state passes its input through this function first; in JSONata that is its `Output`."""
    through = stepfunctions._apply_input_path

    def output_or_input(state: Execution, data: Any, context: Any = None) -> Any:
        is_jsonata = stepfunctions._state_query_language(state, context) == "JSONata"
        if state.get("Type") == "Succeed" and "Output" in state and is_jsonata:
            return stepfunctions._apply_jsonata_output(state, data, context, default=data)
        return through(state, data, context)

    stepfunctions._apply_input_path = output_or_input


def _start_again() -> None:
    """Starting a running execution again, with the same name and input, changes nothing and is no error."""
    start = stepfunctions._start_execution

    def start_or_find(request: Execution) -> Any:
        name, machine = request.get("name"), str(request.get("stateMachineArn", ""))
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        found = stepfunctions._executions.get(arn) if name else None
        if found and found["status"] == "RUNNING" and found["input"] == request.get("input", "{}"):
            return json_response({"executionArn": arn, "startDate": found["startDate"]})
        return start(request)

    stepfunctions._start_execution = start_or_find
