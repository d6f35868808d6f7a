"""Alarms that tell staff: one for each kind of trouble, or one for each thing that can be in trouble."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.constructs.staff_topic import StaffTopic
from infra.stage import Stage

MOST_METRICS = 10
"""CloudWatch takes ten metrics in the expression of one alarm."""

Counts = Sequence[tuple[str, Sequence[cloudwatch.IMetric]]]
"""Names of things, each with the metrics that count its troubles."""


class Alarms(Construct):
    """Rings when a figure passes what is given; silence of a metric is no trouble unless it is said to be."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, staff: StaffTopic) -> None:
        super().__init__(scope, id)
        self._stage = stage
        self._staff = actions.SnsAction(staff.topic)

    def ring_on_any(self, trouble: str, things: Counts, *, of: str = "") -> None:
        """Rings when any count passes zero: by one alarm for all things, or in `per_function` one for each.

        The one for all is named after whose things they are and the trouble.
        """
        if self._stage.alarms == "per_function":
            for name, counts in things:
                self.ring(f"{name}{trouble}", total(counts), above=0)
            return
        every = [metric for _, counts in things for metric in counts]
        for number, start in enumerate(range(0, len(every), MOST_METRICS)):
            self.ring(f"{of}{trouble}{number or ''}", total(every[start : start + MOST_METRICS]), above=0)

    def ring(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        above: float | None = None,
        below: float | None = None,
        periods: int = 1,
        silence: bool = False,
    ) -> None:
        """Rings when the figure is above or below a value for so many periods of five minutes.

        `silence`: it rings as well when there is no figure at all.
        """
        operator, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._stage.named('')}{name}",
            alarm_description=f"docs/operations.md, {name}",
            metric=metric,
            threshold=(above if above is not None else below) or 0,
            comparison_operator=operator.LESS_THAN_THRESHOLD if above is None else operator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=missing.BREACHING if silence else missing.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._staff)


def total(metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.IMetric:
    """The sum of at most ten metrics."""
    using = {f"m{number}": metric for number, metric in enumerate(metrics)}
    return cloudwatch.MathExpression(
        expression="+".join(f"FILL({name}, 0)" for name in using),
        using_metrics=using,
        period=cdk.Duration.minutes(5),
        label="total",
    )


def count(namespace: str, metric_name: str, **dimensions: str) -> cloudwatch.Metric:
    """How many in five minutes."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric_name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=cdk.Duration.minutes(5),
    )


def level(namespace: str, metric_name: str, statistic: str, **dimensions: str) -> cloudwatch.Metric:
    """How high in five minutes: on average, at most or at least, as `statistic` says."""
    return count(namespace, metric_name, **dimensions).with_(statistic=statistic)
