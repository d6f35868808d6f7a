"""What is deployed: no way in or out that should not be, every function watched, every setting readable."""

import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from beforehand import settings
from beforehand.outbox import table
from beforehand.outbox.model import RELAY_MAY_RUN
from infra.constructs.task_function import camel
from infra.packages import ROOT
from tests.infra.assembly import Assembly, Synthesize

DATABASE_FUNCTIONS = {
    "database_migrate",
    "customers_import",
    "churn_score",
    "churn_select",
    "churn_brief",
    "churn_propose",
    "churn_export",
    "followups_find_inactive",
    "followups_plan",
    "outbox_sweep",
    "outreach_claim",
    "outreach_record",
    "inbox_apply",
    "rehearsal_run",
    "api_serve",
}
EGRESS_FUNCTIONS = {
    "database_setup",
    "churn_write",
    "followups_read_emotion",
    "outbox_relay",
    "outreach_send",
    "outreach_reconcile",
    "webhooks_receive",
}
ANY_ROW = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}}
READ_AND_WRITE = {"s3:GetObject", "s3:ListBucket", "s3:PutObject"}
FILES = {
    "customers_import": {
        ("s3:GetObject", "imports/"),
        ("s3:GetObject", "import-mappings/"),
        ("s3:PutObject", "import-results/"),
    },
    "churn_brief": {("s3:PutObject", "runs/")},
    "churn_write": {("s3:GetObject", "runs/"), ("s3:PutObject", "runs/")},
    "churn_propose": {("s3:GetObject", "runs/"), ("s3:PutObject", "runs/")},
    "churn_export": {("s3:PutObject", "memory/")},
    "api_serve": {
        ("s3:PutObject", "imports/"),
        ("s3:PutObject", "import-mappings/"),
        ("s3:GetObject", "secrets/"),
    },
    "database_migrate": {("s3:GetObject", "secrets/"), ("s3:PutObject", "secrets/")},
    "inbox_apply": {("s3:GetObject", "secrets/")},
    "outreach_claim": {("s3:PutObject", "chunks/"), ("s3:GetObject", "secrets/")},
    "rehearsal_run": {("s3:PutObject", "rehearsals/"), ("s3:GetObject", "secrets/")},
    "outreach_send": {("s3:GetObject", "chunks/")},
    "outreach_record": {("s3:GetObject", "chunks/")},
    "outreach_reconcile": {("s3:GetObject", "chunks/")},
    "webhooks_receive": {("s3:GetObject", "secrets/")},
}
"""What each function does with which files; the others reach none."""
ASYNCHRONOUS_RETRIES = {"followups_plan": 2, "followups_read_emotion": 2, "webhooks_receive": 2}
"""Functions that may be called again after a failure, because a second call does nothing more."""
MARKING = {"UpdateItem", "DeleteItem", "GetItem", "BatchGetItem"}
NOT_WANTED = ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP", "AWS::RDS::DBProxy")


def statements(assembly: Assembly, function: dict[str, Any]) -> list[dict[str, Any]]:
    role = assembly.of("AWS::IAM::Role")[function["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert "ManagedPolicyArns" not in role
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def actions(assembly: Assembly, function: dict[str, Any]) -> set[str]:
    every = [s["Action"] for s in statements(assembly, function)]
    return {action for some in every for action in ([some] if isinstance(some, str) else some)}


def test_there_is_no_way_to_the_internet_and_nothing_that_costs_while_idle(assembly: Assembly) -> None:
    assert not [kind for kind in NOT_WANTED if assembly.of(kind)]
    assert {p["VpcEndpointType"] for p in assembly.properties("AWS::EC2::VPCEndpoint")} == {"Gateway"}
    assert not assembly.of("AWS::EC2::Route")


def test_no_resource_of_cdk_itself_is_brought_along(assembly: Assembly) -> None:
    assert set(assembly.functions()) == DATABASE_FUNCTIONS | EGRESS_FUNCTIONS
    assert [kind for t in assembly.templates().values() for kind in kinds(t) if kind.startswith("Custom::")] == [
        "Custom::DatabaseSetup"
    ]


def kinds(template: dict[str, Any]) -> list[str]:
    return [resource["Type"] for resource in template["Resources"].values()]


def test_stacks_stay_far_below_the_limit_of_resources(assembly: Assembly) -> None:
    assert all(len(template["Resources"]) < 400 for template in assembly.templates().values())


def test_each_function_has_a_role_of_its_own(assembly: Assembly) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in assembly.functions().values()]
    assert len(set(roles)) == len(roles) == len(DATABASE_FUNCTIONS | EGRESS_FUNCTIONS)


def test_no_function_has_both_the_database_and_the_internet(assembly: Assembly) -> None:
    for name, function in assembly.functions().items():
        database = "rds-db:connect" in actions(assembly, function)
        assert database == ("VpcConfig" in function) == (name in DATABASE_FUNCTIONS), name
        if database:
            beyond = {a.split(":")[0] for a in actions(assembly, function)}
            assert beyond <= {"s3", "dynamodb", "kms", "logs", "xray", "ec2", "sqs", "rds-db"}, name


def test_a_function_signs_in_as_the_one_role_that_its_settings_name(assembly: Assembly) -> None:
    for name in DATABASE_FUNCTIONS:
        function = assembly.functions()[name]
        user = function["Environment"]["Variables"]["BEFOREHAND_DATABASE_USER"]
        (connect,) = [s for s in statements(assembly, function) if s["Action"] == "rds-db:connect"]
        assert isinstance(connect["Resource"], dict)
        assert json.dumps(connect["Resource"]).endswith(f'"/{user}"]]}}')
        assert user == ("beforehand_migrator" if name == "database_migrate" else "beforehand_app_rw")


def test_only_the_set_up_reads_the_masters_secret(assembly: Assembly) -> None:
    readers = {
        name
        for name, function in assembly.functions().items()
        if "secretsmanager:GetSecretValue" in actions(assembly, function)
    }
    assert readers == {"database_setup"}


def test_database_functions_begin_talking_to_the_database_and_the_gateways_only(synthesize: Synthesize) -> None:
    groups = synthesize("prod", gateway_prefix_lists="pl-63a5400a,pl-02cd2c6b").properties(
        "AWS::EC2::SecurityGroup"
    )
    (functions,) = [g for g in groups if g["GroupDescription"] == "Database functions"]
    reach = {
        (r["FromPort"], r.get("CidrIp"), r.get("DestinationPrefixListId")) for r in functions["SecurityGroupEgress"]
    }
    assert reach == {(15432, "10.61.0.0/16", None), (443, None, "pl-63a5400a"), (443, None, "pl-02cd2c6b")}
    assert "SecurityGroupIngress" not in functions


def test_the_gateways_lead_to_this_account_only(assembly: Assembly) -> None:
    for endpoint in assembly.properties("AWS::EC2::VPCEndpoint"):
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_function_has_its_folder_and_a_sample_event(assembly: Assembly) -> None:
    for name, function in assembly.functions().items():
        assert function["FunctionName"] == f"beforehand-{assembly.stage}-{name.replace('_', '-')}"
        assert (ROOT / "functions" / name / "handler.py").is_file(), name
        assert (ROOT / "events" / f"{name}.json").is_file(), name


def test_every_function_reads_the_settings_that_the_stack_wrote(assembly: Assembly) -> None:
    modules = [import_module(f"{settings.__name__}.{found.name}") for found in iter_modules(settings.__path__)]
    kinds: dict[str, Any] = dict(kind for m in modules for kind in inspect.getmembers(m, inspect.isclass))
    for name, function in assembly.functions().items():
        variables = function["Environment"]["Variables"]
        # What CloudFormation fills in is text when the function reads it.
        given = {n: v if isinstance(v, str) else "filled-in" for n, v in variables.items()}
        kind = kinds[f"{camel(name)}Settings"]
        read = kind.from_env(given)
        ours = {n for n in given if n.startswith(settings.PREFIX)}
        assert set(read.to_env()) == ours, name


def test_no_function_is_set_up_for_what_it_does_not_do(assembly: Assembly) -> None:
    for name, function in assembly.functions().items():
        variables = function["Environment"]["Variables"]
        powertools = {variable for variable in variables if variable.startswith("POWERTOOLS_")}
        assert powertools == {"POWERTOOLS_SERVICE_NAME"}, f"{name} logs, and emits no metrics"


def test_every_function_keeps_its_log_for_a_while_is_traced_and_loses_nothing(assembly: Assembly) -> None:
    logs = assembly.of("AWS::Logs::LogGroup")
    asynchronous = {p["FunctionName"]["Ref"]: p for p in assembly.properties("AWS::Lambda::EventInvokeConfig")}
    for name, function in assembly.functions().items():
        log = logs[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert log["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        assert log["RetentionInDays"] > 0
        assert function["TracingConfig"] == {"Mode": "Active"}
        config = asynchronous[camel(name)]
        assert config["MaximumRetryAttempts"] == ASYNCHRONOUS_RETRIES.get(name, 0)
        assert "Queue" in config["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]


def test_functions_for_aws_run_on_graviton(dev: Assembly) -> None:
    assert {tuple(f["Architectures"]) for f in dev.functions().values()} == {("arm64",)}
    assert {f["Runtime"] for f in dev.functions().values()} == {"python3.13"}


def test_sam_finds_each_function_and_its_code(assembly: Assembly) -> None:
    every = [template["Resources"] for template in assembly.templates().values()]
    for name in assembly.functions():
        (resources,) = [stack for stack in every if camel(name) in stack]
        function = resources[camel(name)]
        code = assembly.folder / function["Metadata"]["aws:asset:path"]
        assert (code / "handler.py").is_file()
        assert function["Properties"]["Handler"] == "handler.handler"
        for layer in function["Properties"]["Layers"]:
            assert (assembly.folder / resources[layer["Ref"]]["Metadata"]["aws:asset:path"] / "python").is_dir()


def test_uploads_reach_the_import_by_way_of_the_bus(assembly: Assembly) -> None:
    buckets = assembly.properties("AWS::S3::Bucket")
    (files,) = [b for b in buckets if "NotificationConfiguration" in b]
    assert files["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    (rule,) = [r for r in assembly.properties("AWS::Events::Rule") if r["EventPattern"]["source"] == ["aws.s3"]]
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "imports/"}]}
    (target,) = rule["Targets"]
    assert target["Arn"]["Fn::GetAtt"] == ["CustomersImport", "Arn"]
    assert target["DeadLetterConfig"]


def test_a_rehearsal_writes_its_report_and_nothing_else(assembly: Assembly) -> None:
    allowed = actions(assembly, assembly.functions()["rehearsal_run"])
    assert {action for action in allowed if action.startswith("dynamodb:")} == {"dynamodb:BatchGetItem"}
    assert not [action for action in allowed if action.startswith(("states:", "sns:", "ses:", "lambda:"))]
    definition = assembly.definition("rehearsal")
    assert definition["States"]["Rehearse"]["Arguments"]["Payload"] == "{% $states.input %}"
    assert assembly.machine("rehearsal")["StateMachineType"] == "STANDARD"


def test_a_function_reaches_the_files_that_it_uses_only(assembly: Assembly) -> None:
    for name, function in assembly.functions().items():
        reached = {
            (action, prefix)
            for s in statements(assembly, function)
            for action in ("s3:GetObject", "s3:PutObject")
            if action in s["Action"]
            for prefix in re.findall(r'"/([^"]*)\*"', json.dumps(s["Resource"]))
        }
        assert reached == FILES.get(name, set()), name
        assert ("s3:ListBucket" in actions(assembly, function)) == ("s3:GetObject" in dict(reached)), name
        assert {a for a in actions(assembly, function) if a.startswith("s3:")} <= READ_AND_WRITE, name


def test_whoever_marks_people_touches_no_other_row_of_the_gates(assembly: Assembly) -> None:
    (table,) = [
        name for name, one in assembly.of("AWS::DynamoDB::Table").items()
        if one["Properties"]["TableName"].endswith("-gates")
    ]  # fmt: skip
    limited = {"webhooks_receive": {"UpdateItem"}, "inbox_apply": MARKING, "outreach_record": {"UpdateItem"}}
    for name, marking in limited.items():
        rights = [
            right
            for right in statements(assembly, assembly.functions()[name])
            if "dynamodb:" in json.dumps(right["Action"])
            and (table in json.dumps(right["Resource"]) or "TableGates" in json.dumps(right["Resource"]))
        ]
        assert rights, name
        like = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["suppressed#*"]}}
        open_rights = [right["Action"] for right in rights if right.get("Condition") != like]
        assert open_rights == (["dynamodb:BatchGetItem"] if name == "outreach_record" else []), name
        (limited_right,) = [right["Action"] for right in rights if right.get("Condition") == like]
        listed = [limited_right] if isinstance(limited_right, str) else limited_right
        assert {action.removeprefix("dynamodb:") for action in listed} == marking, name


def test_whoever_serves_or_asks_cannot_undo_what_a_sender_has_begun(assembly: Assembly) -> None:
    """A key that was taken away would let the same attempt be sent again."""
    switches = {("PutItem", "switch#*"), ("DeleteItem", "switch#*"), ("BatchGetItem", "switch#*")}
    wanted = {
        "api_serve": {("UpdateItem", "suppressed#*"), *switches},
        "outreach_reconcile": {("PutItem", "gate#*"), ("BatchGetItem", "gate#*")},
    }
    for name, rights in wanted.items():
        found = {
            (action.removeprefix("dynamodb:"), key)
            for right in statements(assembly, assembly.functions()[name])
            if "GateTable" in json.dumps(right["Resource"])
            for action in ([right["Action"]] if isinstance(right["Action"], str) else right["Action"])
            for key in right.get("Condition", ANY_ROW)["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        }
        assert found == rights, name


def test_the_scan_is_due_on_the_clock_in_utc(assembly: Assembly) -> None:
    name = f"beforehand-{assembly.stage}-churn-scan"
    (schedule,) = [p for p in assembly.properties("AWS::Scheduler::Schedule") if p["Name"] == name]
    every = "cron(* * * * ? *)" if assembly.stage == "local" else "cron(0/5 * * * ? *)"
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (every, "UTC")
    assert json.loads(schedule["Target"]["Input"]) == {"due_at": "<aws.scheduler.scheduled-time>"}
    assert schedule["Target"]["DeadLetterConfig"]


def test_what_the_database_wants_done_is_looked_for_every_minute_and_heard_of_at_once(assembly: Assembly) -> None:
    schedules = {p["Name"]: p for p in assembly.properties("AWS::Scheduler::Schedule")}
    for name in ("outbox-sweep", "outbox-relay"):
        schedule = schedules[f"beforehand-{assembly.stage}-{name}"]
        assert schedule["ScheduleExpression"] == "cron(* * * * ? *)"
        assert schedule["Target"]["Arn"]["Fn::GetAtt"] == [camel(name.replace("-", "_")), "Arn"]
        assert schedule["Target"]["DeadLetterConfig"]
    mappings = {m["FunctionName"]["Ref"]: m for m in assembly.properties("AWS::Lambda::EventSourceMapping")}
    mapping = mappings["OutboxRelay"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert assembly.functions()["outbox_relay"]["Timeout"] == RELAY_MAY_RUN.total_seconds()
    assert mapping["BisectBatchOnFunctionError"] and mapping["DestinationConfig"]["OnFailure"]
    assert mapping["MaximumRecordAgeInSeconds"] == 3600
    assert [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]] == [{"eventName": ["INSERT"]}]


def test_commands_survive_and_are_encrypted_by_our_key(assembly: Assembly) -> None:
    tables = {p["TableName"]: p for p in assembly.properties("AWS::DynamoDB::Table")}
    commands = tables[f"beforehand-{assembly.stage}-commands"]
    assert commands["SSESpecification"]["SSEType"] == "KMS"
    assert commands["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert commands["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert commands["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert commands["DeletionProtectionEnabled"] is (assembly.stage == "prod")
    (index,) = commands["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == (table.OPEN, {"ProjectionType": "KEYS_ONLY"})


def test_each_side_of_the_outbox_has_its_rights_and_no_more(assembly: Assembly) -> None:
    functions = assembly.functions()
    used = {
        name: {a for a in actions(assembly, functions[name]) if a.startswith(("dynamodb:", "states:"))}
        for name in functions
    }
    stream = {
        f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    }
    assert used["outbox_sweep"] == {"dynamodb:PutItem", "dynamodb:BatchGetItem"}
    assert used["outbox_relay"] == {"dynamodb:UpdateItem", "dynamodb:Query", "states:StartExecution", *stream}
    assert [name for name, some in used.items() if "states:StartExecution" in some] == ["outbox_relay"]


def test_the_relay_has_the_key_through_its_table_and_needs_none_for_its_letters(assembly: Assembly) -> None:
    relay = assembly.functions()["outbox_relay"]
    (key,) = [s for s in statements(assembly, relay) if "kms:Decrypt" in s["Action"]]
    assert set(key["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert '"dynamodb."' in json.dumps(key["Condition"]["StringEquals"]["kms:ViaService"])
    name = f"beforehand-{assembly.stage}-outbox-dead-letters"
    (queue,) = [p for p in assembly.properties("AWS::SQS::Queue") if p["QueueName"] == name]
    assert queue["SqsManagedSseEnabled"] is True and "KmsMasterKeyId" not in queue


def test_the_database_lets_in_nobody_without_tls_and_is_encrypted_by_our_key(assembly: Assembly) -> None:
    (database,) = assembly.properties("AWS::RDS::DBInstance")
    assert database["EngineVersion"] == "18.4"
    assert database["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in database
    assert database["StorageEncrypted"] and database["KmsKeyId"] == database["MasterUserSecret"]["KmsKeyId"]
    assert database["EnableIAMDatabaseAuthentication"] is True
    assert database["PubliclyAccessible"] is False
    assert database["DeletionProtection"] is (assembly.stage == "prod")
    (parameters,) = assembly.properties("AWS::RDS::DBParameterGroup")
    assert parameters["Parameters"]["rds.force_ssl"] == "1"


def test_the_key_is_for_services_of_this_account_never_for_a_role(assembly: Assembly) -> None:
    (key,) = assembly.properties("AWS::KMS::Key")
    for statement in key["KeyPolicy"]["Statement"]:
        if "Service" in statement["Principal"]:
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
        else:
            assert ":root" in json.dumps(statement["Principal"])


def test_production_has_an_alarm_for_each_function_queue_and_workflow(prod: Assembly) -> None:
    alarms = {p["AlarmName"] for p in prod.properties("AWS::CloudWatch::Alarm")}
    functions = {f"beforehand-prod-{camel(name)}Fails" for name in prod.functions()}
    others = {f"beforehand-prod-{c}DeadLetters" for c in ("Database", "Customers", "Churn", "Outbox")}
    database = {f"beforehand-prod-Database{trouble}" for trouble in ("Busy", "Full", "Crowded")}
    assert functions | others | database | {"beforehand-prod-ChurnScanUnfinished"} <= alarms


def test_a_stage_for_trying_has_a_dozen_alarms_that_add_up(dev: Assembly) -> None:
    alarms = dev.properties("AWS::CloudWatch::Alarm")
    assert 8 <= len(alarms) <= 16
    counted = json.dumps(alarms)
    assert all(f'"Ref": "{camel(name)}"' in counted for name in dev.functions())
    assert max(len(alarm.get("Metrics", [])) for alarm in alarms) <= 11


def test_every_alarm_tells_staff(assembly: Assembly) -> None:
    assert all(len(alarm["AlarmActions"]) == 1 for alarm in assembly.properties("AWS::CloudWatch::Alarm"))


def test_what_needs_the_tables_waits_for_them(assembly: Assembly) -> None:
    (ready,) = assembly.of("Custom::DatabaseSetup")
    for kind in (
        "AWS::Scheduler::Schedule",
        "AWS::Events::Rule",
        "AWS::StepFunctions::StateMachine",
        "AWS::Lambda::EventSourceMapping",
    ):
        assert all(ready in resource["DependsOn"] for resource in of_tasks(assembly, kind))


def of_tasks(assembly: Assembly, kind: str) -> list[dict[str, Any]]:
    """Of the stack that sets the tables up; the one after it waits for the whole of that."""
    templates = {name: template for name, template in assembly.templates().items() if "Tasks" in name}
    (tasks,) = templates.values()
    return [resource for resource in tasks["Resources"].values() if resource["Type"] == kind]


def test_the_set_up_runs_again_when_a_migration_or_what_a_role_may_do_changes(
    assembly: Assembly, monkeypatch: Any, tmp_path: Path
) -> None:
    database = sys.modules["infra.capabilities.database"]
    (ready,) = assembly.properties("Custom::DatabaseSetup")
    assert ready["ServiceTimeout"]
    migration, roles = tmp_path / "0001.sql", tmp_path / "roles.py"
    migration.write_text("select 1")
    roles.write_bytes(database.ROLES.read_bytes())
    releases = [ready["Release"], database.release()]
    assert len(set(releases)) == 1
    monkeypatch.setattr(database, "MIGRATIONS", tmp_path)
    monkeypatch.setattr(database, "ROLES", roles)
    releases.append(database.release())
    migration.write_text("select 2")
    releases.append(database.release())
    roles.write_text("less")
    releases.append(database.release())
    assert len(set(releases)) == 4


def test_the_stacks_say_where_things_are(assembly: Assembly) -> None:
    outputs = {name for template in assembly.templates().values() for name in template["Outputs"]}
    wanted = {
        "FilesBucket",
        "StaffTopic",
        "Heartbeats",
        "Commands",
        "ScanStateMachine",
        "ScanSchedule",
        "ScheduleGroup",
    }
    assert wanted | {f"{camel(name)}Function" for name in assembly.functions()} <= outputs


def test_staff_are_subscribed_only_when_the_stage_knows_their_address(dev: Assembly, telling: Assembly) -> None:
    assert not dev.of("AWS::SNS::Subscription")
    (told,) = telling.properties("AWS::SNS::Subscription")
    assert (told["Protocol"], told["Endpoint"]) == ("email", "staff@example.com")


def test_cfn_lint_finds_nothing(synthesize: Synthesize) -> None:
    templates = [str(file) for stage in ("dev", "prod", "local") for file in synthesize(stage).files()]
    cfn_lint = str(Path(sys.executable).parent / "cfn-lint")
    lint = [cfn_lint, "--config-file", str(ROOT / ".cfnlintrc.yaml"), *templates]
    found = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
