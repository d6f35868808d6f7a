"""Logs that end: each group has a name that says whose it is, and a day after which its lines are gone."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stage import LOG_RETENTION_DAYS, Stage

RETENTION = dict(zip(LOG_RETENTION_DAYS, logs.RetentionDays, strict=False))


def log_group(scope: Construct, id: str, *, stage: Stage, name: str) -> logs.LogGroup:
    """A log group that keeps its lines for as long as the stage says."""
    return logs.LogGroup(
        scope,
        id,
        log_group_name=name,
        retention=RETENTION[stage.log_retention_days],
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
