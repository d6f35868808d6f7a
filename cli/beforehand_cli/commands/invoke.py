"""`beforehand invoke`: runs one deployed function with an event, as `sam local invoke` would."""

import base64
import json
from pathlib import Path
from typing import Annotated

import typer

from beforehand_cli import project
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import Stage
from beforehand_cli.terminal import errors, print_json

LONGEST_SECONDS = 900


def invoke(
    task: Annotated[str, typer.Argument(help="The function's task, such as churn_score.")],
    event: Annotated[
        Path | None,
        typer.Option("--event", "-e", exists=True, dir_okay=False, help="The event; else events/<task>.json."),
    ] = None,
    stage: Stage = None,
) -> None:
    """Run a function once with a sample event; prints its answer, and its log to the error stream."""
    deployment = Deployment.of_stage(stage)
    path = event or project.root() / "events" / f"{task}.json"
    if not path.is_file():
        known = ", ".join(sorted(sample.stem for sample in (project.root() / "events").glob("*.json")))
        raise typer.BadParameter(f"there is no {path.name}; the tasks with a sample event are {known}")
    payload = json.loads(path.read_text(encoding="utf-8"))
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.function(task), Payload=json.dumps(payload).encode(), LogType="Tail"
    )
    if "LogResult" in answer:
        errors.print(base64.b64decode(answer["LogResult"]).decode(errors="replace"), markup=False, highlight=False)
    print_json(answer["Payload"].read().decode())
    if "FunctionError" in answer:
        raise typer.Exit(1)
