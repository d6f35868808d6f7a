"""The workflow of the churn scan: repeats what may be repeated, never what tells; says which step failed."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jsonata
import pytest

from beforehand.events.churn import MessageWritten, ScanBriefed, ScanFinished, ScanScored, ScanSelected
from infra.constructs.workflow import LAMBDA_TROUBLE
from tests.infra.assembly import Assembly

DUE = "2026-11-20T10:05:00Z"
INVOKE = "arn:aws:states:::lambda:invoke"
PUBLISH = "arn:aws:states:::sns:publish"
MOST_BYTES = 262_144
"""What Step Functions carries from one state to the next, as JSON."""


@pytest.fixture(scope="module")
def states(dev: Assembly) -> dict[str, Any]:
    states: dict[str, Any] = dev.scan()
    return states


def tasks(states: dict[str, Any]) -> dict[str, Any]:
    inner = states["Write"]["ItemProcessor"]["States"]
    return {name: state for name, state in {**states, **inner}.items() if state["Type"] == "Task"}


def worked_out(expression: str, given: dict[str, Any], *, result: Any = None, **variables: Any) -> Any:
    """What the state machine would make of an expression."""
    parsed = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    execution = {"Id": "arn:execution", "Input": {"due_at": DUE, **given}}
    parsed.assign("states", {"input": given, "context": {"Execution": execution}, "result": result})
    for name, value in variables.items():
        parsed.assign(name, value)
    return parsed.evaluate({})


def test_goes_from_scoring_to_telling(states: dict[str, Any]) -> None:
    way, name = [], "ScoreBase"
    while name:
        way.append(name)
        state = states[name]
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next", "")
    assert [n for n in way if states[n]["Type"] != "Choice"] == [
        "ScoreBase",
        "SelectAtRisk",
        "Brief",
        "Write",
        "Propose",
        "Heartbeat",
        "Tell",
        "Done",
    ]
    assert states["WasItClaimed"]["Default"] == "AnotherRunHasIt"
    assert states["IsAnyoneAtRisk"]["Default"] == "Propose"
    assert states["IsThereSomethingToTell"]["Default"] == "Done"


def test_repeats_a_function_only_for_troubles_of_lambda_itself(states: dict[str, Any]) -> None:
    for name, state in tasks(states).items():
        if state["Resource"] == INVOKE:
            (retry,) = state["Retry"]
            assert retry["ErrorEquals"] == list(LAMBDA_TROUBLE), name
            assert (retry["BackoffRate"], retry["JitterStrategy"]) == (2, "FULL")


def test_never_repeats_what_tells(states: dict[str, Any]) -> None:
    telling = [state for state in tasks(states).values() if state["Resource"] == PUBLISH]
    assert len(telling) == 2
    assert not [state for state in telling if "Retry" in state]


def test_every_failure_reaches_staff_with_the_step_the_moment_and_the_place(states: dict[str, Any]) -> None:
    for name, state in states.items():
        if state["Type"] in ("Task", "Map") and name not in ("TellFailure", "Heartbeat"):
            caught = state["Catch"][-1]
            assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], "TellFailure"), name
            assert caught["Assign"]["failed_step"] == name
    message = states["TellFailure"]["Arguments"]["Message"]
    told = worked_out(message, {}, failed_step="Brief", failed_with="NotFoundError")
    assert "Brief (NotFoundError)" in told and DUE in told and "arn:execution" in told
    assert "Cause" not in json.dumps(states["Brief"]["Catch"]), "an error's text may speak of a customer"
    assert states["TellFailure"]["Next"] == "Failed" and states["Failed"]["Type"] == "Fail"


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, {}),
        ({"risk_threshold": 0.8}, {"risk_threshold": 0.8}),
        ({"risk_threshold": 0, "max_interventions": 3, "other": 1}, {"risk_threshold": 0, "max_interventions": 3}),
    ],
)
def test_hands_over_the_moment_it_was_due_and_the_options_that_were_given(
    states: dict[str, Any], given: dict[str, Any], options: dict[str, Any]
) -> None:
    payload = states["ScoreBase"]["Arguments"]["Payload"]
    assert worked_out(payload, {"due_at": DUE, **given}) == {
        "due_at": DUE,
        "schedule": "churn_scan",
        "execution": "arn:execution",
        **options,
    }


@pytest.mark.parametrize("customers", [[], ["C1"], ["C1", "C2"]])
def test_hands_over_a_list_however_many_customers_there_are(states: dict[str, Any], customers: list[str]) -> None:
    given = {"customers": customers}
    assert worked_out(states["Write"]["Items"], given) == customers
    assert worked_out(states["IsAnyoneAtRisk"]["Choices"][0]["Condition"], given) is bool(customers)


@pytest.mark.parametrize(
    "moment", ["2026-11-20T10:05:00Z", "2026-11-20T15:35:00+05:30", "2026-11-20T10:05:00.000Z"]
)
def test_a_run_for_an_earlier_moment_does_not_turn_the_heartbeat_back(states: dict[str, Any], moment: str) -> None:
    heartbeat = states["Heartbeat"]
    given = heartbeat["Arguments"]
    assert given["ConditionExpression"] == "attribute_not_exists(due_at) OR due_at < :due_at"
    assert given["ExpressionAttributeValues"][":due_at"] == given["Item"]["due_at"]
    written = worked_out(given["Item"]["due_at"]["S"], {"due_at": moment})
    assert written == "2026-11-20T10:05:00.000Z"
    earlier, _ = heartbeat["Catch"]
    assert earlier["ErrorEquals"] == ["DynamoDB.ConditionalCheckFailedException"]
    assert earlier["Next"] == heartbeat["Next"]


def test_a_heartbeat_is_tried_again_unless_a_later_run_has_written_one(states: dict[str, Any]) -> None:
    later_beat, trouble = states["Heartbeat"]["Retry"]
    assert later_beat == {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "MaxAttempts": 0}
    assert trouble["ErrorEquals"] == ["States.TaskFailed"]
    assert trouble["MaxAttempts"] >= 3


def test_a_heartbeat_that_cannot_be_written_takes_nothing_from_the_summary(states: dict[str, Any]) -> None:
    *_, caught = states["Heartbeat"]["Catch"]
    assert caught == {"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "IsThereSomethingToTell"}


def test_one_message_that_cannot_be_written_does_not_stop_the_others(states: dict[str, Any]) -> None:
    write = states["Write"]["ItemProcessor"]["States"]["WriteToOne"]
    (caught,) = write["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    assert set(caught["Output"]) == {"customer_id", "failed"}
    assert states["Write"]["MaxConcurrency"] >= 1


def test_the_largest_scan_is_carried_from_state_to_state(states: dict[str, Any]) -> None:
    for name, given, result in largest_scan(states):
        for carried in (given, result, handed_on(states[name], given, result)):
            assert size(carried) < MOST_BYTES, name


def test_nothing_of_the_messages_is_carried_on(states: dict[str, Any]) -> None:
    inner = states["Write"]["ItemProcessor"]["States"]
    written = {name: handed_on(state, {}, {"Payload": "a message"}) for name, state in inner.items()}
    assert written == {"WriteToOne": {}, "NotWritten": {}}
    assert handed_on(states["Write"], {}, list(written.values())) == {}


def largest_scan(states: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Each step with what it is given and what comes of it, when a run treats as many as it ever may."""
    run, customers = uuid4(), tuple(f"C{number:063}" for number in range(1000))
    counts = dict.fromkeys(("at_risk", "left_alone", "insufficient"), 10**9)
    summary = {"tell": True, "subject": "s" * 100, "message": "m" * 50_000}
    finished = ScanFinished(run_id=run, proposed=1000, skipped=1000, failed=1000, **summary)
    answers = {
        "ScoreBase": ScanScored(run_id=run, claimed=True, scored=10**9, because="b" * 1000),
        "SelectAtRisk": ScanSelected(run_id=run, customers=customers, **counts),
        "Brief": ScanBriefed(run_id=run, customers=customers),
    }
    written = [
        MessageWritten(run_id=run, customer_id=customer, language="en", because="b" * 500) for customer in customers
    ]
    write = states["Write"]["ItemProcessor"]["States"]["WriteToOne"]
    steps: list[tuple[str, Any, Any]] = []
    given: Any = {"due_at": datetime.now(UTC).isoformat(), "risk_threshold": 0.5, "max_interventions": 1000}
    for name, answer in answers.items():
        result = {"Payload": answer.model_dump(mode="json")}
        steps.append((name, given, result))
        given = handed_on(states[name], given, result)
    of_each = [handed_on(write, {}, {"Payload": one.model_dump(mode="json")}) for one in written]
    steps.append(("Write", given, of_each))
    steps.append(
        ("Propose", handed_on(states["Write"], given, of_each), {"Payload": finished.model_dump(mode="json")})
    )
    return steps


def handed_on(state: dict[str, Any], given: Any, result: Any) -> Any:
    """What a state gives to the next one."""
    output = state.get("Output", result)
    return worked_out(output, given, result=result) if isinstance(output, str) else output


def size(carried: Any) -> int:
    """Bytes of it as JSON."""
    return len(json.dumps(carried).encode())


def test_the_run_leaves_no_data_in_logs_and_ends_by_itself(assembly: Assembly) -> None:
    machine = assembly.machine("churn-scan")
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}
    definition = json.loads(machine["DefinitionString"])
    assert definition["TimeoutSeconds"] == 900
    assert definition["QueryLanguage"] == "JSONata"
