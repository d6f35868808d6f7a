"""`beforehand memory export`: asks a part at a time, writes a file for each customer, refuses what is no id."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from beforehand.events.churn import MemoryRequested
from beforehand_cli import memories
from beforehand_cli.commands import memory
from beforehand_cli.main import app
from beforehand_cli.memories import ExportFailedError, NoCustomerIdError, export

KNOWN = [f"C{number:03}" for number in range(450)]


class Cloud:
    """A deployment whose function answers as `churn_export` does, and whose bucket then has the files."""

    stage = "local"
    outputs = {"FilesBucket": "files"}  # noqa: RUF012

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.asked: list[MemoryRequested] = []

    def client(self, _: str) -> "Cloud":
        return self

    def function(self, task: str) -> str:
        return task

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == "churn_export"
        request = MemoryRequested.model_validate_json(Payload)
        self.asked.append(request)
        if self.fails:
            return {"FunctionError": "Unhandled", "Payload": BytesIO(b"{}")}
        wanted = request.customer_ids or [c for c in KNOWN if c > (request.after or "")][:200]
        answer = {
            "customers": [c for c in wanted if c in KNOWN],
            "nothing": [c for c in wanted if c not in KNOWN],
            "lines": len(wanted),
            "next_after": wanted[-1] if not request.customer_ids and len(wanted) == 200 else None,
        }
        return {"Payload": BytesIO(json.dumps(answer).encode())}

    def download_file(self, bucket: str, key: str, to: str) -> None:
        assert (bucket, key) == ("files", f"memory/{Path(to).name}")
        Path(to).write_text("{}\n")


def test_everybody_is_fetched_a_part_at_a_time(tmp_path: Path) -> None:
    cloud, seen = Cloud(), []
    exported = export(cloud, (), to=tmp_path / "memory", progress=seen.append)  # type: ignore[arg-type]
    assert exported.customers == tuple(KNOWN)
    assert [request.after for request in cloud.asked] == [None, "C199", "C399"]
    assert seen == [200, 400, 450]
    assert sorted(path.name for path in (tmp_path / "memory").iterdir()) == [f"{c}.jsonl" for c in KNOWN]


def test_who_is_named_is_fetched_once_and_who_has_no_memory_is_said(tmp_path: Path) -> None:
    exported = export(Cloud(), ("C001", "X9", "C001"), to=tmp_path, progress=lambda _: None)  # type: ignore[arg-type]
    assert (exported.customers, exported.nothing) == (("C001",), ("X9",))
    assert [path.name for path in tmp_path.iterdir()] == ["C001.jsonl"]


@pytest.mark.parametrize("given", ["../../etc/passwd", "", "a b", "C1/../x", "x" * 65])
def test_what_is_no_id_never_becomes_a_path(tmp_path: Path, given: str) -> None:
    with pytest.raises(NoCustomerIdError, match="is no id of a customer"):
        export(Cloud(), (given,), to=tmp_path, progress=lambda _: None)  # type: ignore[arg-type]


def test_a_function_that_failed_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportFailedError, match="its log says where"):
        export(Cloud(fails=True), (), to=tmp_path, progress=lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [[], ["C1", "--all"]])
def test_either_names_or_all_are_wanted(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["memory", "export", *arguments])
    assert done.exit_code == 2
    assert "name customers, or ask for --all" in done.output


def test_it_ends_badly_when_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory.Deployment, "of_stage", lambda _: Cloud())
    assert memories.AT_ONCE == 200
    runner = CliRunner()
    assert runner.invoke(app, ["memory", "export", "X9", "--to", str(tmp_path)]).exit_code == 1
    done = runner.invoke(app, ["memory", "export", "C001", "--to", str(tmp_path), "--json"])
    assert (done.exit_code, json.loads(done.output)["customers"]) == (0, ["C001"])
