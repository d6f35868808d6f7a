"""From two files to proposed outreach, through the deployed stacks, started by the deployed schedule."""

import json
import re
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from beforehand.churn.documents import ScanResult
from beforehand.clock import now
from beforehand.events.customers import ImportFinished
from beforehand.names import Schedule
from beforehand_cli.deployment import Deployment
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.processes import wait_until
from beforehand_cli.local.up import up
from beforehand_cli.scans import Scans
from tests.installation import COMMAND, ROOT, Installation

SCAN_TASKS = ("churn_score", "churn_select", "churn_brief", "churn_write", "churn_propose")


@pytest.fixture(scope="module")
def imported(installation: Installation) -> Installation:
    """The installation with the sample company in its database."""
    for kind, file in (
        ("customers", installation.company.customers),
        ("purchases", installation.company.purchases),
    ):
        done = installation.command("import", kind, str(file), "--json")
        assert done.returncode == 0, done.stderr
        answer = ImportFinished.model_validate_json(done.stdout)
        assert (answer.added + answer.unchanged, answer.refused_rows) == (answer.rows, 0)
    return installation


@pytest.fixture(scope="module")
def scheduled(imported: Installation) -> ScanResult:
    """The first scan that the deployed schedule starts after the import."""
    scans = Scans(imported.deployment)
    due_at = scans.cadence().after(now())
    return [step for step in scans.follow(due_at) if isinstance(step, ScanResult)][-1]


def test_the_schedule_proposes_and_keeps_every_decision(imported: Installation, scheduled: ScanResult) -> None:
    assert scheduled.proposed == 10
    assert scheduled.at_risk > 100
    run = {"run": scheduled.run_id}
    outreach = imported.rows(
        "select customer_id, state, channel, language, length(body) > 50 from outreach where run_id = :run", **run
    )
    assert {row[0] for row in outreach} == {one.customer_id for one in scheduled.customers}
    escalated = {one.customer_id for one in scheduled.customers if one.escalate}
    assert {row[0]: row[1] for row in outreach} == {
        one.customer_id: "held" if one.customer_id in escalated else "scheduled" for one in scheduled.customers
    }
    assert all(row[4] for row in outreach)
    decided = imported.rows("select distinct capability, action from journal_decisions where run_id = :run", **run)
    assert ["churn", "propose"] in decided
    assert imported.rows("select state from schedules_runs where run_id = :run", **run) == [["finished"]]


def test_a_person_is_asked_to_take_over_within_two_hours(imported: Installation, scheduled: ScanResult) -> None:
    cases = imported.rows(
        "select case_id, customer_id, state, due_at from outreach_cases where run_id = :run", run=scheduled.run_id
    )
    escalated = [one for one in scheduled.customers if one.escalate]
    assert scheduled.cases == len(cases) == len(escalated)
    assert escalated, "the sample company has VIPs whose risk is critical"
    assert {tuple(row) for row in cases} == {
        (one.case_id, one.customer_id, "open", scheduled.due_at + timedelta(hours=2)) for one in escalated
    }


def test_what_was_tried_is_exported_as_a_file_for_each_customer(
    imported: Installation, scheduled: ScanResult, tmp_path: Path
) -> None:
    ids = [one.customer_id for one in scheduled.customers]
    done = imported.command("memory", "export", *ids, "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"{len(ids)} files in" in done.stdout
    names = imported.rows("select name from customers where customer_id = any(:ids) and name is not null", ids=ids)
    for one in scheduled.customers:
        text = (tmp_path / f"{one.customer_id}.jsonl").read_text(encoding="utf-8")
        line = json.loads(text.splitlines()[-1])
        assert (line["customer_id"], line["outreach_id"]) == (one.customer_id, str(one.outreach_id))
        assert (line["case"] is not None) is one.escalate
        assert not [name for (name,) in names if str(name) in text]
    everybody = imported.command("memory", "export", "--all", "--to", str(tmp_path / "all"), "--json")
    assert set(ids) <= set(json.loads(everybody.stdout)["customers"])


def test_everyone_who_was_chosen_has_a_reason_in_words(scheduled: ScanResult) -> None:
    for one in scheduled.customers:
        assert one.issue
        assert one.because
        assert 0.6 <= one.risk <= 1


def test_staff_are_told_by_mail(imported: Installation, scheduled: ScanResult) -> None:
    mails = [mail for mail in list_mail(imported.addresses.endpoint) if f"{scheduled.due_at:%H:%M:%S}" in mail.text]
    assert [mail.subject for mail in mails] == [
        f"Beforehand: 10 interventions proposed, {scheduled.at_risk} customers at risk"
    ]
    assert mails[0].to == ["staff@beforehand.example"]
    names = imported.rows("select name from customers where customer_id = any(:ids)",
                          ids=[one.customer_id for one in scheduled.customers])  # fmt: skip
    assert not [name for (name,) in names if str(name) in mails[0].text]


def test_no_name_and_no_message_is_in_a_log_or_in_the_history_of_the_run(
    imported: Installation, scheduled: ScanResult
) -> None:
    ids = [one.customer_id for one in scheduled.customers]
    personal = imported.rows(
        """select c.name, c.email, c.phone, split_part(o.body, chr(10), 1) from customers c
           join outreach o using (customer_id) where customer_id = any(:ids)""",
        ids=ids,
    )
    told = history_of(imported, scheduled) + logs_of(imported)
    assert str(scheduled.run_id) in told
    assert not [text for row in personal for text in row if text and str(text) in told]


def history_of(installation: Installation, result: ScanResult) -> str:
    states = installation.deployment.client("stepfunctions")
    machine = installation.deployment.outputs["ScanStateMachine"]
    histories = [
        json.dumps(states.get_execution_history(executionArn=run["executionArn"]), default=str)
        for run in states.list_executions(stateMachineArn=machine)["executions"]
    ]
    return "".join(history for history in histories if str(result.run_id) in history)


def logs_of(installation: Installation) -> str:
    logs = installation.deployment.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return "".join(
        event["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    )


def test_the_run_leaves_a_heartbeat(imported: Installation, scheduled: ScanResult) -> None:
    table = imported.deployment.outputs["Heartbeats"]
    found = imported.deployment.client("dynamodb").get_item(
        TableName=table, Key={"schedule": {"S": Schedule.CHURN_SCAN}}
    )
    assert datetime.fromisoformat(found["Item"]["due_at"]["S"]) >= scheduled.due_at


def test_nobody_is_proposed_twice(imported: Installation, scheduled: ScanResult) -> None:
    done = imported.command("scan", "--json")
    assert done.returncode == 0, done.stderr
    second = ScanResult.model_validate_json(done.stdout)
    assert not {one.customer_id for one in scheduled.customers} & {one.customer_id for one in second.customers}
    assert second.left_alone.resting + second.left_alone.in_hand >= 10


def test_the_same_due_time_is_scanned_once(imported: Installation, scheduled: ScanResult) -> None:
    states = imported.deployment.client("stepfunctions")
    started = states.start_execution(
        stateMachineArn=imported.deployment.outputs["ScanStateMachine"],
        input=json.dumps({"due_at": scheduled.due_at.isoformat()}),
    )
    arn = started["executionArn"]
    assert wait_until(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", seconds=60)
    ended = states.describe_execution(executionArn=arn)
    assert ended["status"] == "SUCCEEDED"
    answer = json.loads(ended["output"])
    assert answer["claimed"] is False
    assert "another execution has the run" in answer["because"]


@pytest.mark.parametrize(
    "task",
    [
        "database_setup", "database_migrate", "customers_import", *SCAN_TASKS, "churn_export", "outbox_sweep",
        "outbox_relay",
    ],
)  # fmt: skip
def test_every_function_runs_with_its_sample_event(imported: Installation, task: str) -> None:
    if task in SCAN_TASKS[1:]:
        imported.command("invoke", "churn_score")
    done = imported.command("invoke", task)
    assert done.returncode == 0, done.stdout
    assert "errorMessage" not in json.loads(done.stdout)
    assert f'"service":"{task}"' in done.stderr


def test_the_screen_of_one_scan(imported: Installation) -> None:
    done = imported.command("scan", "--risk-threshold", "0.8", "--max-interventions", "3")
    assert done.returncode == 0, done.stderr
    for line in (
        r"🔄 ProactiveScheduler initialized",
        r"   Scan interval: Every 1 minute$",
        r"   Churn risk threshold: 80%$",
        r"   Max interventions per run: 3$",
        r"🔍 PROACTIVE SCAN #1",
        r"Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+$",
        r"Scanning customers for churn risk >= 80%\.\.\.$",
        r"⚠️  Found \d+ at-risk customers$",
        r"   Processing top 3 priority cases$",
        r"🤖 Processing Customer 1/3: C?\d+( \(\w+(, \w+)?\))?$",
        r"   Health Score: \d+\.\d% \| Churn Risk: \d+\.\d%$",
        r"   Issue: .+ \(.+\)$",
        r"   \[Agent workflow running\.\.\.\]$",
        r"   ✅ Intervention generated \(\w+\)$",
        r"Scan #1 Complete - 3 interventions \| \d+\.\ds elapsed$",
        r"📊 SCHEDULER STATISTICS",
        r"Total Scans: \d+$",
        r"Total Interventions: \d+$",
        r"Average Interventions/Scan: \d+\.\d$",
        r"Next scan in: (1 minute|\d+ seconds?) \(\d\d:\d\d:\d\d \S+\)$",
    ):
        assert re.search(line, done.stdout, re.MULTILINE), f"{line} is not in\n{done.stdout}"


def test_a_wrong_option_is_refused_with_its_range(imported: Installation) -> None:
    done = imported.command("scan", "--risk-threshold", "60")
    assert done.returncode == 2
    assert "--risk-threshold" in done.stderr
    assert "less than or equal to 1" in done.stderr


def test_continuous_mode_follows_the_schedule_and_ends_with_statistics(imported: Installation) -> None:
    terminal = subprocess.Popen(
        [COMMAND, "scan", "--mode", "continuous"], cwd=ROOT, env=imported.environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert terminal.stdout is not None
    shown = ""
    for line in terminal.stdout:
        shown += line
        if line.startswith("Next scan in"):
            terminal.send_signal(signal.SIGINT)
            break
    shown += terminal.stdout.read()
    assert terminal.wait(timeout=20) == 0, shown
    assert "The deployed schedule starts each scan" in shown
    assert re.search(r"FINAL STATISTICS.*Total Scans: 1\n", shown, re.DOTALL), shown
    runs = imported.rows("select due_at, count(*) from schedules_runs group by due_at having count(*) > 1")
    assert runs == []


def test_an_unreadable_file_is_refused_whole_and_says_why(imported: Installation) -> None:
    path = imported.company.customers.parent / "broken.csv"
    path.write_text("name,nps\nAsha,9\n", encoding="utf-8")
    done = imported.command("import", "customers", str(path))
    assert done.returncode == 1
    assert "the header lacks customer_id" in done.stdout


def test_a_second_up_deploys_nothing_and_the_data_survive_a_restart(imported: Installation) -> None:
    before = imported.rows("select count(*) from customers")
    told: list[str] = []
    began = now()
    up(ROOT, report=told.append)
    assert "Stacks are as the project has them" in told
    assert now() - began < timedelta(seconds=60)
    assert imported.command("down").returncode == 0
    up(ROOT, report=told.append)
    assert told.count("Stacks are as the project has them") == 2
    assert imported.rows("select count(*) from customers") == before
    assert Deployment(stage="local").outputs["FilesBucket"] == imported.deployment.outputs["FilesBucket"]
