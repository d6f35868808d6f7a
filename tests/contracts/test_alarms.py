"""CloudWatch takes an alarm over a sum of metrics from a template, and describes it as it was given."""

import json

from tests.contracts.conftest import Aws

METRICS = [
    {"Id": "total", "Expression": "a + b", "Label": "Errors", "ReturnData": True},
    *(
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "Errors",
                    "Dimensions": [{"Name": "FunctionName", "Value": f"no-such-function-{name}"}],
                },
                "Period": 300,
                "Stat": "Sum",
            },
        }
        for name in ("a", "b")
    ),
]


def test_an_alarm_over_a_sum_is_kept_as_it_was_given(aws: Aws) -> None:
    name = aws.name("alarm")
    alarm = {
        "AlarmName": name,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "TreatMissingData": "notBreaching",
        "Metrics": METRICS,
    }
    template = {"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}}}
    formation, watch = aws.client("cloudformation"), aws.client("cloudwatch")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    aws.later(formation.delete_stack, StackName=name)
    formation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    described = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert [one["AlarmName"] for one in described] == [name]
    assert described[0]["Threshold"] == 0
    assert described[0]["StateValue"] in {"INSUFFICIENT_DATA", "OK"}
