"""A function has the database or the internet, never both: the construct refuses it before anything is made."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from beforehand.names import DatabaseRole
from beforehand.settings.churn import ChurnScoreSettings, ChurnWriteSettings
from infra.constructs.encryption_key import EncryptionKey
from infra.constructs.network import Network
from infra.constructs.postgres import Postgres
from infra.constructs.task_function import OneDoorError, TaskFunction
from infra.stage import Stage


@pytest.fixture(scope="module")
def database() -> Postgres:
    stage = Stage(
        name="dev",
        company_name="A",
        database_instance="t4g.micro",
        scan_every_minutes=5,
        keep_data=False,
        alarms="aggregate",
    )
    stack = cdk.Stack(cdk.App(), "S")
    key = EncryptionKey(stack, "K", stage=stage)
    return Postgres(stack, "D", stage=stage, network=Network(stack, "N", stage=stage), key=key)


def make(name: str, **given: Any) -> None:
    nothing: Any = None
    TaskFunction(cdk.Stack(cdk.App(), "T"), name, runtime=nothing, dead_letters=nothing, **given)


def test_refuses_the_internet_to_a_database_function(database: Postgres) -> None:
    score = database.settings(ChurnScoreSettings, DatabaseRole.APP_RW)
    invoke = iam.PolicyStatement(actions=["s3:GetObject", "lambda:InvokeFunction"], resources=["*"])
    with pytest.raises(OneDoorError, match="churn_score is a database function and cannot reach lambda:Invoke"):
        make("churn_score", settings=score, database=database, rights=[invoke])


def test_refuses_the_database_to_an_egress_function(database: Postgres) -> None:
    write = ChurnWriteSettings(files_bucket="b", company_name="A")
    with pytest.raises(OneDoorError, match="churn_write is no database function, but may sign in"):
        make("churn_write", settings=write, rights=[database.sign_in("beforehand_app_rw")])


def test_refuses_settings_that_say_otherwise(database: Postgres) -> None:
    score = database.settings(ChurnScoreSettings, DatabaseRole.APP_RW)
    with pytest.raises(OneDoorError, match="has the settings of a database function, but no database"):
        make("churn_score", settings=score)
    write = ChurnWriteSettings(files_bucket="b", company_name="A")
    with pytest.raises(OneDoorError, match="is given the database, but its settings have none"):
        make("churn_write", settings=write, database=database)
