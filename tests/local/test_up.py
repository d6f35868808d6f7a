"""The whole of it: up, up again, down, up, after changes and after a crash, with the smallest of apps."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from beforehand_cli.local import aws
from beforehand_cli.local.deploy import DeployFailedError
from beforehand_cli.local.node import Tools
from beforehand_cli.local.processes import wait_until
from beforehand_cli.local.state import (
    STATE_DIRECTORY_VARIABLE,
    AnotherCommandRunsError,
    StateDirectory,
    StateUnreadableError,
)
from beforehand_cli.local.up import Addresses, PreferredPorts, down, up

TINY = Path(__file__).parent / "tiny_app"
PORTS = PreferredPorts(aws=16566, database=16532)


class Project:
    """A copy of the tiny app, and what the commands said about it."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.directory = StateDirectory(root=state)
        self.said: list[str] = []

    def up(self) -> Addresses:
        self.said = []
        return up(self.root, report=self.said.append, preferred=PORTS)

    def down(self) -> None:
        down(self.root, report=self.said.append)

    def deployed(self) -> bool:
        """Whether the last `up` deployed."""
        return any(line.startswith("Stacks deployed") for line in self.said)

    def change(self, old: str, new: str) -> None:
        app = self.root / "app.py"
        text = app.read_text()
        assert old in text
        app.write_text(text.replace(old, new))

    def greet(self) -> object:
        outputs = json.loads(self.directory.outputs.read_text())["Tiny"]
        answer = aws.client(self.root, "lambda").invoke(
            FunctionName=outputs["FunctionName"], Payload=b'{"name": "Asha"}'
        )
        return json.loads(answer["Payload"].read())

    def kill(self, name: str) -> None:
        process = self.directory.load().processes[name]
        os.kill(process.pid, signal.SIGKILL)
        assert wait_until(lambda: not process.is_running(), seconds=5)


@pytest.fixture(scope="module")
def project(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("tiny")
    shutil.copytree(TINY, root, dirs_exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="beforehand-up-") as folder, pytest.MonkeyPatch.context() as patch:
        state = Path(folder)
        state.chmod(0o755)  # the account that runs PostgreSQL must reach it
        (state / "tools").symlink_to(tools.directory)
        patch.setenv(STATE_DIRECTORY_VARIABLE, folder)
        made = Project(root, state)
        try:
            yield made
        finally:
            made.down()


@pytest.fixture
def running(project: Project) -> Project:
    project.up()
    return project


def seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_the_first_up_deploys_the_app_and_its_function_answers(project: Project) -> None:
    addresses = project.up()
    assert project.deployed()
    assert any(line.startswith("Stack Tiny deployed (") for line in project.said)
    assert project.greet() == {"hello": "Asha"}
    assert httpx.get(addresses.mailbox, timeout=5).status_code == 200


def test_the_second_up_does_nothing_and_is_quick(running: Project) -> None:
    before = running.directory.load()
    took = seconds(running.up)
    assert running.directory.load() == before
    assert not running.deployed()
    assert took < 3, took


def test_after_down_nothing_is_left_and_up_brings_all_of_it_back(running: Project) -> None:
    bucket = json.loads(running.directory.outputs.read_text())["Tiny"]["BucketName"]
    aws.client(running.root, "s3").put_object(Bucket=bucket, Key="kept", Body=b"yes")
    processes = running.directory.load().processes
    endpoint = aws.endpoint(running.directory.load())
    running.down()
    assert not any(process.is_running() for process in processes.values())
    with pytest.raises(httpx.TransportError):
        httpx.get(endpoint, timeout=1)
    took = seconds(running.up)
    assert not running.deployed()
    assert took < 15, took
    assert running.greet() == {"hello": "Asha"}
    assert aws.client(running.root, "s3").get_object(Bucket=bucket, Key="kept")["Body"].read() == b"yes"


def test_down_twice_says_that_nothing_ran(running: Project) -> None:
    running.down()
    assert "Nothing ran" not in running.said
    running.down()
    assert running.said[-1] == "Nothing ran"


def test_down_finds_what_runs_without_the_state_file_and_up_works_again(running: Project) -> None:
    processes = running.directory.load().processes
    running.directory.file.write_text("{")
    with pytest.raises(StateUnreadableError, match="beforehand down"):
        running.up()
    running.down()
    assert not any(process.is_running() for process in processes.values())
    running.up()
    assert running.greet() == {"hello": "Asha"}


def test_up_works_behind_a_proxy_and_says_which_port_it_takes_instead(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.down()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    port = project.directory.load().aws_port
    assert port is not None
    with socket.create_server(("127.0.0.1", port)):
        project.up()
    taken = [line for line in project.said if line.startswith(f"Port {port} is taken, using ")]
    assert taken, project.said
    assert project.greet() == {"hello": "Asha"}


def test_a_change_is_deployed_and_nothing_of_the_users_own_aws_settings_takes_part(
    running: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.invalid")
    running.change('"hello"', '"welcome"')
    running.up()
    assert running.deployed()
    assert running.greet() == {"welcome": "Asha"}


def test_after_a_crash_up_repairs_what_died_and_nothing_else(running: Project) -> None:
    running.kill("gate")
    before = running.directory.load().processes
    running.up()
    after = running.directory.load().processes
    assert after["gate"] != before["gate"]
    assert after["emulator"] == before["emulator"]


def test_after_a_crash_of_the_endpoint_what_was_deployed_is_there_again(running: Project) -> None:
    running.kill("emulator")
    running.up()
    assert running.greet() == {"welcome": "Asha"}


def test_an_endpoint_that_lost_its_stacks_gets_them_again(running: Project) -> None:
    running.kill("emulator")
    shutil.rmtree(running.directory.aws_state)
    shutil.rmtree(running.directory.aws_objects)
    running.up()
    assert running.deployed()
    assert running.greet() == {"welcome": "Asha"}


def test_a_deploy_that_fails_says_why_and_is_not_taken_for_done(running: Project) -> None:
    running.change("resources = {", 'resources = {\n    "Bad": {"Type": "AWS::No::Such"},')
    with pytest.raises(DeployFailedError, match="AWS::No::Such"):
        running.up()
    assert not running.deployed()
    running.change('\n    "Bad": {"Type": "AWS::No::Such"},', "")
    running.up()
    assert running.deployed(), "what was there before the failure is not known to be there after it"
    assert running.greet() == {"welcome": "Asha"}


def test_two_at_once_are_one_too_many(running: Project) -> None:
    with running.directory.locked(), pytest.raises(AnotherCommandRunsError):
        running.up()
    with running.directory.locked(), pytest.raises(AnotherCommandRunsError):
        running.down()


def test_removing_the_data_lets_the_next_up_begin_anew(running: Project) -> None:
    down(running.root, report=running.said.append, remove_data=True)
    assert not running.directory.postgres.exists()
    assert not running.directory.file.exists()
    running.up()
    assert running.deployed()
