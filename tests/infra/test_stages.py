"""A stage is refused by name when a number is wrong, with what it may be."""

import json
from typing import Any

import pytest

from beforehand.outreach.messages.cleaning import checked_url
from beforehand.outreach.messages.model import UncomposableError
from infra import clock_grid
from infra.packages import ROOT
from infra.stage import InvalidStageError, Stage, UnknownStageError

STAGES: dict[str, dict[str, Any]] = json.loads((ROOT / "cdk.json").read_text())["context"]["stages"]


@pytest.mark.parametrize("name", STAGES)
def test_takes_each_stage_as_it_stands_in_cdk_json(name: str) -> None:
    assert Stage.choose(name, STAGES, {}).name == name


def test_takes_a_number_for_one_run_from_the_command_line() -> None:
    stage = Stage.choose(
        "local", STAGES, {"database_port": "25432", "multi_az": "true", "gateway_prefix_lists": "pl-1,pl-2"}
    )
    assert (stage.database_port, stage.multi_az, stage.gateway_prefix_lists) == (25432, True, ("pl-1", "pl-2"))


def test_names_the_stages_there_are_when_asked_for_another() -> None:
    with pytest.raises(UnknownStageError, match=r"no stage named 'prd'; choose one of dev, local, prod"):
        Stage.choose("prd", STAGES, {})


@pytest.mark.parametrize(
    ("number", "value", "remedy"),
    [
        (
            "scan_every_minutes",
            7,
            "scan_every_minutes = 7: every 7 minutes does not divide .* choose one of 1, 2, 3",
        ),
        ("churn_risk_threshold", 1.5, "churn_risk_threshold = 1.5: .*less than or equal to 1"),
        ("log_retention_days", 8, "log_retention_days = 8: CloudWatch keeps logs for 1, 3, 5"),
        ("database", "aurora", "database = 'aurora': .*'rds'"),
        ("staff_email", "nobody", "staff_email = 'nobody'"),
        ("alarms", "many", "'aggregate' or 'per_function'"),
        ("bedrock_model", "a model", "bedrock_model = 'a model'"),
        ("bedrock_guardrail", "abc", "bedrock_guardrail = 'abc'"),
        ("bedrock_calls_per_letter", 9, "bedrock_calls_per_letter = 9"),
        ("scan_evry_minutes", 5, "scan_evry_minutes: there is no such number; the numbers are"),
    ],
)
def test_names_the_stage_the_number_and_the_remedy(number: str, value: Any, remedy: str) -> None:
    with pytest.raises(InvalidStageError, match=remedy) as refused:
        Stage.choose("dev", STAGES, {number: value})
    assert "the stage dev" in str(refused.value)
    assert "cdk.json under context.stages.dev" in str(refused.value)


@pytest.mark.parametrize("number", ["public_url", "company_support_url"])
@pytest.mark.parametrize(
    "url",
    [
        "https://care.example.com",
        "https://care.example.com:8443/a?b=c",
        "https://[::1]:8443/a",
        "http://127.0.0.1:8080/x",
        "http://localhost:8080",
        "http://api.localhost/x",
        "http://care.example.com",
        "https://user@care.example.com",
        "https://user:word@care.example.com/x",
        "https://:443/x",
        "https://care.example.com:port",
        "https://häuser.example.com",
        f"https://care.example.com/{'a' * 2000}",
    ],
)
def test_takes_exactly_the_addresses_that_messages_may_carry(number: str, url: str) -> None:
    try:
        checked_url(url, number)
        carried = True
    except UncomposableError:
        carried = False
    if number == "company_support_url" and carried and url.startswith("http:"):
        return  # of a support page the stage asks for https even on this machine
    if carried:
        assert getattr(Stage.choose("dev", STAGES, {number: url}), number) == url
    else:
        with pytest.raises(InvalidStageError, match=number):
            Stage.choose("dev", STAGES, {number: url})


def test_says_what_a_message_takes_of_an_address() -> None:
    with pytest.raises(InvalidStageError, match=r"public_url = .*messages cannot carry it.*https://.*no user"):
        Stage.choose("dev", STAGES, {"public_url": "http://care.example.com"})
    named = {"public_url": "https://{api}.execute-api.localhost.localstack.cloud"}
    assert Stage.choose("dev", STAGES, named).public_url == named["public_url"]


def test_there_is_no_model_on_this_machine() -> None:
    with pytest.raises(InvalidStageError, match="there is no Bedrock on this machine"):
        Stage.choose("local", STAGES, {"bedrock_model": "amazon.nova-lite-v1:0"})


def test_names_every_number_that_is_missing() -> None:
    with pytest.raises(InvalidStageError, match=r"database_instance: is missing(.|\n)*keep_data: is missing"):
        Stage.choose("dev", {"dev": {}}, {})


@pytest.mark.parametrize(
    ("minutes", "expression"),
    [
        (1, "cron(* * * * ? *)"),
        (5, "cron(0/5 * * * ? *)"),
        (10, "cron(0/10 * * * ? *)"),
        (15, "cron(0/15 * * * ? *)"),
        (30, "cron(0/30 * * * ? *)"),
        (60, "cron(0 * * * ? *)"),
        (120, "cron(0 0/2 * * ? *)"),
        (720, "cron(0 0/12 * * ? *)"),
        (1440, "cron(0 0 * * ? *)"),
    ],
)
def test_keeps_a_cadence_on_the_clock(minutes: int, expression: str) -> None:
    assert clock_grid.cron(minutes) == expression


@pytest.mark.parametrize("minutes", [-5, 0, 7, 45, 90, 300, 1441, 2880])
def test_refuses_a_cadence_that_would_leave_the_clock(minutes: int) -> None:
    with pytest.raises(clock_grid.NotOnTheClockError, match=f"every {minutes} minutes"):
        clock_grid.cron(minutes)


def test_every_cadence_divides_a_day() -> None:
    assert all(1440 % minutes == 0 for minutes in clock_grid.EVERY)


def test_takes_the_settings_of_other_schedulers_under_their_names_in_capitals() -> None:
    given = {
        "FOLLOWUP_DELAY_HOURS": "36",
        "REENGAGEMENT_INACTIVE_DAYS": 60,
        "SCHEDULER_ENABLED": "false",
        "SCHEDULER_TIMEZONE": "US/Pacific",
    }
    stage = Stage.choose("dev", STAGES, given)
    assert (stage.followup_delay_hours, stage.reengagement_inactive_days) == (36, 60)
    assert (stage.scheduler_enabled, stage.scheduler_timezone) == (False, "US/Pacific")
    with pytest.raises(InvalidStageError, match="scheduler_timezone = 'Mars': name a zone"):
        Stage.choose("dev", STAGES, {"SCHEDULER_TIMEZONE": "Mars"})
    with pytest.raises(InvalidStageError, match=r"events_source = 'aws\.s3': sources that begin with aws"):
        Stage.choose("dev", STAGES, {"events_source": "aws.s3"})
