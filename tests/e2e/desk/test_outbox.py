"""A command in the database becomes one scan, through the deployed stacks."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pg8000 import native

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.clock import now
from beforehand.events.outbox import StartScan
from beforehand.names import DatabaseRole, Schedule
from beforehand.outbox.model import Added
from beforehand.outbox.scans import execution_of, start_scan
from beforehand.outbox.store import PostgresOutbox
from beforehand.schedules.model import run_id_of
from beforehand_cli.local.node import Tools
from beforehand_cli.local.postgres import Postgres
from beforehand_cli.local.state import StateDirectory
from tests.installation import ROOT, Installation

DUE_AT = datetime(2026, 1, 15, 9, 0, 7, tzinfo=UTC)


def ask() -> Added:
    """What a database function does with its own change, in the database of the installation."""
    directory = StateDirectory.of(ROOT)
    server = Postgres.at(directory.postgres, native=Tools(directory=directory.tools).postgres())

    def connect() -> native.Connection:
        return server.connect(DatabaseRole.APP_RW)

    with PostgresDatabase(connect).transaction() as transaction:
        return PostgresOutbox(transaction).add(start_scan(DUE_AT, max_interventions=3), now=now())


@pytest.fixture(scope="module")
def carried_out(installation: Installation) -> Installation:
    """The installation after the command was asked for twice and its end is known in the database."""
    began = now()
    assert [ask().added, ask().added] == [True, False]
    installation.comes(
        lambda rows: rows == [["done", 1]],
        "select state, attempts from outbox_v_commands where key = :key",
        key=DUE_AT.isoformat(),
        seconds=200,
    )
    assert now() - began < timedelta(seconds=200)
    return installation


def test_a_command_in_the_database_becomes_one_scan(carried_out: Installation) -> None:
    states = carried_out.deployment.client("stepfunctions")
    machine = carried_out.deployment.outputs["ScanStateMachine"]
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    executions = [
        states.describe_execution(executionArn=listed["executionArn"])
        for page in pages
        for listed in page["executions"]
    ]
    ours = [e for e in executions if datetime.fromisoformat(json.loads(e["input"])["due_at"]) == DUE_AT]
    assert [e["name"] for e in ours] == [execution_of(StartScan(due_at=DUE_AT)).name]

    ((copied_at,),) = carried_out.rows(
        "select copied_at from outbox_v_commands where key = :key", key=DUE_AT.isoformat()
    )
    assert ours[0]["startDate"] - copied_at < timedelta(seconds=20), "the stream tells of it at once"

    carried_out.comes(
        lambda rows: rows == [["finished", "3"]],
        "select state, options ->> 'max_interventions' from schedules_runs where run_id = :run",
        run=run_id_of(Schedule.CHURN_SCAN, DUE_AT),
        seconds=60,
    )


def test_the_command_line_finds_that_scan_and_starts_no_other(carried_out: Installation) -> None:
    done = carried_out.command("scan", "--as-of", f"{DUE_AT.astimezone():%Y-%m-%dT%H:%M:%S}", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run_id"] == str(run_id_of(Schedule.CHURN_SCAN, DUE_AT))
    runs = "select count(*) from schedules_runs where due_at = :due_at"
    assert carried_out.rows(runs, due_at=DUE_AT) == [[1]]


def test_asked_for_again_it_is_told_how_it_ended(carried_out: Installation) -> None:
    again = ask()
    assert (again.added, again.state) == (False, "done")
    assert "was started" in again.because
