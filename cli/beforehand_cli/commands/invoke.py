"""`beforehand invoke`: runs one deployed function with an event, as `sam local invoke` would."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from beforehand_cli import project
from beforehand_cli.deployment import LOCAL, Deployment
from beforehand_cli.options import Stage
from beforehand_cli.terminal import errors, print_json

# What a sample event points to. Nothing else is uploaded: a file under imports/ starts an import by itself.
POINTS_TO = {
    "customers_import": "imports",
    "churn_brief": "runs",
    "churn_write": "runs",
    "churn_propose": "runs",
}


def invoke(
    task: Annotated[str, typer.Argument(help="The function's task, such as churn_score.")],
    event: Annotated[
        Path | None,
        typer.Option("--event", "-e", exists=True, dir_okay=False, help="The event; else events/<task>.json."),
    ] = None,
    stage: Stage = None,
) -> None:
    """Run a function once; prints its answer, and its log to the error stream.

    It runs for real, in the stage that is named, and changes data there as a scheduled run would.
    """
    task = known_task(task, project.root())
    deployment = Deployment.of_stage(stage)
    given = json.dumps(read_event(event)) if event else _sample(task, deployment)
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.function(task), Payload=given.encode(), LogType="Tail"
    )
    if "LogResult" in answer:
        log = base64.b64decode(answer["LogResult"]).decode(errors="replace")
        errors.print(log, markup=False, highlight=False)
    print_json(answer["Payload"].read().decode())
    if "FunctionError" in answer:
        raise typer.Exit(1)


def known_task(task: str, root: Path) -> str:
    """The task as its folder is named. Raises BadParameter, with the tasks that there are."""
    tasks = sorted(handler.parent.name for handler in (root / "functions").glob("*/handler.py"))
    if (named := task.replace("-", "_")) not in tasks:
        raise typer.BadParameter(f"there is no task {task}; the tasks are {', '.join(tasks)}")
    return named


def read_event(path: Path) -> Any:
    """The event in a file. Raises BadParameter that says where it is not JSON."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise typer.BadParameter(
            f"{path} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is not UTF-8: byte {error.start + 1} is {error.reason}") from error


def _sample(task: str, deployment: Deployment) -> str:
    """The sample event of a task, with the files it points to in their place in the bucket."""
    samples = project.root() / "events"
    path = samples / f"{task}.json"
    if not path.is_file():
        known = ", ".join(sorted(sample.stem for sample in samples.glob("*.json")))
        raise typer.BadParameter(f"there is no {path.name}; the tasks with a sample event are {known}")
    if deployment.stage != LOCAL:
        raise typer.BadParameter(
            f"the samples are invented customers; name your own event for {deployment.stage} with --event"
        )
    s3, bucket = deployment.client("s3"), deployment.outputs["FilesBucket"]
    for file in files_of(task, samples / "files"):
        s3.upload_file(str(file), bucket, file.relative_to(samples / "files").as_posix())
    event: dict[str, Any] = read_event(path)
    if "ResponseURL" in event:
        place = {"Bucket": bucket, "Key": "cloudformation-answers/sample.json"}
        event["ResponseURL"] = s3.generate_presigned_url("put_object", Params=place)
    return json.dumps(event)


def files_of(task: str, files: Path) -> list[Path]:
    """The sample files that the sample event of a task points to."""
    under = POINTS_TO.get(task)
    return sorted(file for file in (files / under).rglob("*.*") if file.is_file()) if under else []
