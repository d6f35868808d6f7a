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


def invoke(
    task: Annotated[str, typer.Argument(help="The function's task, such as churn_score.")],
    event: Annotated[
        Path | None,
        typer.Option("--event", "-e", exists=True, dir_okay=False, help="The event; else events/<task>.json."),
    ] = None,
    stage: Stage = None,
) -> None:
    """Run a function once; prints its answer, and its log to the error stream."""
    deployment = Deployment.of_stage(stage)
    given = event.read_text(encoding="utf-8") if event else _sample(task, deployment)
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.function(task), Payload=given.encode(), LogType="Tail"
    )
    if "LogResult" in answer:
        log = base64.b64decode(answer["LogResult"]).decode(errors="replace")
        errors.print(log, markup=False, highlight=False)
    print_json(answer["Payload"].read().decode())
    if "FunctionError" in answer:
        raise typer.Exit(1)


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
    for file in (samples / "files").rglob("*.*"):
        s3.upload_file(str(file), bucket, file.relative_to(samples / "files").as_posix())
    event: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "ResponseURL" in event:
        place = {"Bucket": bucket, "Key": "cloudformation-answers/sample.json"}
        event["ResponseURL"] = s3.generate_presigned_url("put_object", Params=place)
    return json.dumps(event)
