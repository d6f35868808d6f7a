"""What a person meets who types something wrong, has a proxy, or has started nothing yet."""

import io
import sys
from pathlib import Path

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError
from typer.testing import CliRunner

from beforehand.events.customers import ImportFinished
from beforehand.results import Status
from beforehand_cli import main, project
from beforehand_cli.commands import imports, invoke
from beforehand_cli.deployment import Deployment, NotDeployedError
from beforehand_cli.local import aws
from beforehand_cli.local.mailbox import list_mail
from beforehand_cli.local.services import emulator_answers
from beforehand_cli.local.state import STATE_DIRECTORY_VARIABLE
from beforehand_cli.terminal import console

NOBODY = "http://127.0.0.1:9"
ROOT = project.root(Path(__file__).parent)


def test_says_its_version() -> None:
    said = CliRunner().invoke(main.app, ["--version"])
    assert said.exit_code == 0
    assert said.stdout.startswith("beforehand 0.")


def test_the_mailbox_of_an_endpoint_that_does_not_run_says_so() -> None:
    with pytest.raises(aws.EndpointSilentError, match="beforehand up"):
        list_mail(NOBODY)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (EndpointConnectionError(endpoint_url=NOBODY), "The AWS endpoint does not answer; start it with"),
        (EndpointConnectionError(endpoint_url="https://s3.amazonaws.com"), "Could not connect"),
        (NoRegionError(), "AWS_REGION"),
        (NoCredentialsError(), "AWS_PROFILE"),
    ],
)
def test_what_boto3_raises_is_told_in_words_that_help(raised: Exception, told: str) -> None:
    assert told in str(main.in_our_words(raised))


def test_a_proxy_is_not_asked_for_what_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "corp.example")
    monkeypatch.setattr("httpx.get", lambda *_, **options: asked.append(options["trust_env"]) or _Answer())
    assert emulator_answers(NOBODY)
    assert asked == [False]
    assert aws.beside_the_proxy()["NO_PROXY"] == "127.0.0.1,localhost,corp.example"
    left = aws.without_proxies({"https_proxy": "x", "ALL_PROXY": "x", "PATH": "p"})
    assert left == {"PATH": "p", "NO_PROXY": "*", "no_proxy": "*"}


class _Answer:
    status_code = 200


def test_a_profile_of_the_user_takes_no_part_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    client = aws.client_at("http://127.0.0.1:9", "sts", "eu-west-3")
    assert client.meta.region_name == "eu-west-3"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_stage_in_aws_is_in_the_region_that_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "eu-north-1")
    assert Deployment(stage="prod").client("sqs").meta.region_name == "eu-north-1"


@pytest.mark.parametrize(
    ("message", "raised"),
    [
        ("Stack with id Beforehand-prod-Foundation does not exist", NotDeployedError),
        ("The security token included in the request is invalid", ClientError),
    ],
)
def test_only_a_stack_that_is_not_there_is_not_deployed(
    message: str, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        def describe_stacks(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")

    monkeypatch.setattr(Deployment, "client", lambda *_: Refusing())
    with pytest.raises(raised):
        _ = Deployment(stage="prod").outputs


def answer(*, rows: int = 2, added: int = 2, refused: int = 0, because: str = "") -> ImportFinished:
    return ImportFinished(
        file="f", kind="customers", status=Status.DONE, rows=rows, added=added, changed=0, unchanged=0,
        refused_rows=refused, because=because,
    )  # fmt: skip


@pytest.mark.parametrize(("added", "refused", "status"), [(2, 0, 0), (1, 1, 3), (0, 2, 1)])
def test_the_exit_status_of_an_import_says_whether_rows_were_refused(added: int, refused: int, status: int) -> None:
    assert imports.exit_status(answer(added=added, refused=refused)) == status


def test_an_import_says_which_columns_it_left_out() -> None:
    with console.capture() as said:
        imports.show("f.csv", answer(rows=1, added=1, because="left out of account: shoe_size"))
    assert "f.csv: 1 row, 1 added" in said.get()
    assert "left out of account: shoe_size" in said.get()


def test_an_unknown_task_is_answered_with_the_tasks_that_there_are() -> None:
    with pytest.raises(typer.BadParameter, match="churn_brief, churn_export, churn_propose"):
        invoke.known_task("churn_scores", ROOT)
    assert invoke.known_task("churn-score", ROOT) == "churn_score"


def test_an_event_that_is_not_json_is_told_where(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_bytes(b'{"a": 1,\n "b" 2}')
    with pytest.raises(typer.BadParameter, match="line 2, column 6"):
        invoke.read_event(event)
    event.write_bytes(b'{"name": "J\xfcrgen"}')
    with pytest.raises(typer.BadParameter, match="not UTF-8"):
        invoke.read_event(event)


@pytest.mark.parametrize(
    ("task", "folders"), [("customers_import", {"imports"}), ("churn_write", {"runs"}), ("churn_score", set())]
)
def test_only_what_an_event_points_to_is_uploaded(task: str, folders: set[str]) -> None:
    samples = ROOT / "events" / "files"
    assert {file.relative_to(samples).parts[0] for file in invoke.files_of(task, samples)} == folders


def test_a_terminal_that_lacks_a_sign_gets_a_question_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(STATE_DIRECTORY_VARIABLE, str(tmp_path))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "argv", ["beforehand", "--version"])
    with pytest.raises(SystemExit):
        main.main()
    console.print("🔄 आशा")
    sys.stdout.flush()
    assert written.getvalue().endswith(b"? ???\n")
