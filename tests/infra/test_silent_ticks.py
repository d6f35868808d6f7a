"""The ticks stop, and with them whoever would have said so."""

import json

import pytest

from tests.infra.assembly import Assembly


@pytest.mark.fault(36)
def test_an_alarm_that_needs_nothing_of_ours_rings_when_ticks_stop(dev: Assembly) -> None:
    (machine,) = (
        name
        for name, resource in dev.of("AWS::StepFunctions::StateMachine").items()
        if resource["Properties"].get("StateMachineType") == "EXPRESS"
    )
    (alarm,) = (
        one
        for one in dev.properties("AWS::CloudWatch::Alarm")
        if one["AlarmName"] == "beforehand-dev-OutreachSilent"
    )
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == (
        "AWS/States",
        "ExecutionsStarted",
        "Sum",
    )
    assert [one["Value"] for one in alarm["Dimensions"]] == [{"Ref": machine}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (300, 1, "breaching")
    assert len(alarm["AlarmActions"]) == 1

    ticks = [
        one["ScheduleExpression"]
        for one in dev.properties("AWS::Scheduler::Schedule")
        if machine in json.dumps(one["Target"])
    ]
    assert len(ticks) == 1, "it is the tick that is listened for"
