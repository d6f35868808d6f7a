"""`beforehand rehearse`: what the next days would bring, and what another contact policy would do."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from beforehand.clock import now
from beforehand.errors import BeforehandError
from beforehand.events.rehearsal import MOST_DAYS
from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.rehearsal.price_files import checked
from beforehand.outreach.rehearsal.report import Progress, Report
from beforehand.outreach.rehearsal.what_if import what_if
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.rehearsal_screen import RehearsalScreen
from beforehand_cli.rehearsals import Rehearsals, Wanted
from beforehand_cli.terminal import console, errors, print_json

LATE = timedelta(minutes=1)


class UnreadableFileError(BeforehandError):
    """A file that a rehearsal is to use cannot be read."""


def rehearse(
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days.")] = 7,
    policy: Annotated[
        Path | None,
        typer.Option(help="A contact policy instead, as TOML or JSON; fields that it leaves out stay as they are."),
    ] = None,
    from_at: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            help="Begin at this moment (UTC) instead of now.",
        ),
    ] = None,
    purpose: Annotated[
        list[Purpose] | None, typer.Option(help="Report on this purpose only; may be repeated.")
    ] = None,
    live: Annotated[
        list[Channel] | None, typer.Option(help="Take this channel to be live and set up; may be repeated.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="Prices of your own, as TOML.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Run the next days on today's data in seconds: nothing is sent or kept."""
    begin = None if from_at is None else from_at.replace(tzinfo=UTC)
    if begin is not None and begin < now() - LATE:
        raise typer.BadParameter(f"--from {begin:%Y-%m-%dT%H:%M} UTC has passed; what was, `beforehand why` tells")
    wanted = Wanted(
        days=days,
        from_at=begin,
        policy=None if policy is None else _policy(policy),
        prices=None if prices is None else _prices(prices),
        purposes=purpose or (),
        live=live or (),
    )
    report = Rehearsals(Deployment.of_stage(stage)).run(wanted, heard=_tell)
    _show(report, as_json)


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        print_json(report.model_dump_json())
        return
    RehearsalScreen(console).show(report)


def _tell(progress: Progress) -> None:
    """How far it is, beside what is for programs."""
    which = f", policy {progress.round} of {progress.rounds}" if progress.rounds > 1 else ""
    errors.print(f"  {progress.share:4.0%}  {progress.at:%a %d %b %H:%M} UTC{which}", highlight=False, style="dim")


def _policy(path: Path) -> dict[str, Any]:
    """The fields of a policy; what `policy show --json` prints has them one level down."""
    given = _read(path)
    document = given.get("policy", given)
    if not isinstance(document, dict):
        raise UnreadableFileError(f"{path}: policy is no table; `beforehand policy show --json` prints one")
    what_if(document, ContactPolicy())
    return document


def _prices(path: Path) -> dict[str, Any]:
    given = _read(path)
    checked(given, where=path.name)
    return given


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
        raise UnreadableFileError(f"{path} is not {kind} ({error})") from None
    if not isinstance(given, dict):
        raise UnreadableFileError(f"{path} holds no table of fields")
    return given
