"""What somebody is woken for."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_scheduler as scheduler

from infra.capabilities.watched import Watched
from infra.constructs.alarms import Alarms, count, level, total
from infra.constructs.http_api import HttpApi
from infra.constructs.postgres import Postgres
from infra.constructs.task_function import camel
from infra.stage import Stage

GIGABYTE = 1024**3
MOST_REFUSED = 300
"""Answers of the API in five minutes that refuse: one a second is no longer people who mistype."""

Counted = tuple[str, Sequence[cloudwatch.IMetric]]


def watch_database(alarms: Alarms, database: Postgres, stage: Stage) -> None:
    """A processor that is busy for a quarter of an hour, a disk that fills, connections that pile up."""
    instance = {"DBInstanceIdentifier": database.instance.ref}
    busy = level("AWS/RDS", "CPUUtilization", "Average", **instance)
    alarms.ring("DatabaseBusy", busy, above=80, periods=3)
    free = level("AWS/RDS", "FreeStorageSpace", "Minimum", **instance)
    alarms.ring("DatabaseFull", free, below=2 * GIGABYTE)
    connections = level("AWS/RDS", "DatabaseConnections", "Maximum", **instance)
    alarms.ring("DatabaseCrowded", connections, above=stage.database_connections_alarm)


def watch_tasks(alarms: Alarms, watched: Sequence[Watched], group: scheduler.CfnScheduleGroup) -> None:
    """Functions that fail, letters that nobody took, scans that fail, ticks that stop, wakes not heard."""
    _watch_functions(alarms, watched)
    machines = [machine for w in watched for machine in w.workflows]
    unfinished = ("ExecutionsFailed", "ExecutionsTimedOut")
    alarms.ring_on_any(
        "Unfinished",
        [
            (name, _counts("AWS/States", *unfinished, StateMachineArn=machine.state_machine_arn))
            for name, machine in machines
        ],
    )
    for name, machine in (one for w in watched for one in w.always):
        # Nobody in the house can tell that it has stopped: whoever would is started the same way.
        started = count("AWS/States", "ExecutionsStarted", StateMachineArn=machine.state_machine_arn)
        alarms.ring(f"{name}Silent", started, below=1, silence=True)
    _watch_rules(alarms, watched)
    dropped = ("InvocationDroppedCount", "InvocationsFailedToBeSentToDeadLetterCount")
    alarms.ring("SchedulesNotHeard", total(_counts("AWS/Scheduler", *dropped, ScheduleGroup=group.ref)), above=0)


def watch_api(alarms: Alarms, watched: Sequence[Watched], http: HttpApi) -> None:
    """The functions behind the API, answers that are our own fault, and providers' events that were not heard.

    And very many who are turned away: among them may be wishes to be left alone, which nobody says twice.
    """
    answers = ("Api", _counts("AWS/ApiGateway", "5xx", ApiId=http.id))
    _watch_functions(alarms, watched, of="Api", also=[answers])
    _watch_rules(alarms, watched, of="Api")
    alarms.ring("ApiRefuses", count("AWS/ApiGateway", "4xx", ApiId=http.id), above=MOST_REFUSED)


def _watch_rules(alarms: Alarms, watched: Sequence[Watched], *, of: str = "") -> None:
    """Events that reached nobody."""
    rules = [rule for w in watched for rule in w.rules]
    lost = ("FailedInvocations", "InvocationsFailedToBeSentToDlq")
    alarms.ring_on_any(
        "NotHeard", [(name, _counts("AWS/Events", *lost, RuleName=rule.rule_name)) for name, rule in rules], of=of
    )


def _watch_functions(
    alarms: Alarms, watched: Sequence[Watched], *, of: str = "", also: Sequence[Counted] = ()
) -> None:
    """Functions that fail or are held back, letters that nobody could take; alarms over all begin with `of`."""
    alarms.ring_on_any(
        "Fails",
        [
            (camel(f.name), _counts("AWS/Lambda", "Errors", "Throttles", FunctionName=f.function.function_name))
            for f in (function for w in watched for function in w.functions)
        ]
        + list(also),
        of=of,
    )
    letters = "ApproximateNumberOfMessagesVisible"
    alarms.ring_on_any(
        "DeadLetters",
        [
            (camel(q.capability), [level("AWS/SQS", letters, "Maximum", QueueName=q.queue.queue_name)])
            for q in (w.dead_letters for w in watched)
        ],
        of=of,
    )


def _counts(namespace: str, *metrics: str, **dimensions: str) -> list[cloudwatch.IMetric]:
    return [count(namespace, metric, **dimensions) for metric in metrics]
