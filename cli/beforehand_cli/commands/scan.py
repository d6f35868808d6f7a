"""`beforehand scan`: one scan now, or every scan as it comes due, with the screen of both."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from beforehand.churn.documents import Briefs, Draft, ScanResult
from beforehand.clock import now
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.scan_screen import ScanScreen, Statistics
from beforehand_cli.scans import Cadence, Options, ScanFailedError, Scans
from beforehand_cli.terminal import console, errors, print_json
from beforehand_cli.waiting import wait_until

AHEAD = timedelta(seconds=5)
"""A scan that this terminal starts takes its due time this much before the schedule would."""


class Mode(StrEnum):
    """One scan, or all that come due."""

    ONCE = "once"
    CONTINUOUS = "continuous"


def scan(
    mode: Annotated[Mode, typer.Option(help="Scan once now, or follow every scan until Ctrl+C.")] = Mode.ONCE,
    interval: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Minutes between scans; else as deployed.")
    ] = None,
    risk_threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Intervene from this churn risk on; the whole trigger.")
    ] = None,
    max_interventions: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Treat at most so many customers in one scan.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            help="Scan as of this moment (UTC) instead of now.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
        ),
    ] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Find the customers at risk and propose how to keep each."""
    due_at = as_of.replace(tzinfo=UTC) if as_of else now()
    _must_fit(mode, interval=interval, as_of=as_of, due_at=due_at)
    scans = Scans(Deployment.of_stage(stage))
    options = Options(risk_threshold=risk_threshold, max_interventions=max_interventions)
    if mode is Mode.ONCE:
        once(scans, options, due_at, as_json=as_json)
    else:
        continuous(scans, options, interval)


def _must_fit(mode: Mode, *, interval: int | None, as_of: datetime | None, due_at: datetime) -> None:
    """Raises BadParameter where the options do not go together."""
    if mode is Mode.CONTINUOUS and as_of:
        raise typer.BadParameter("--as-of goes with --mode once: what comes due, comes due in the present")
    if mode is Mode.ONCE and interval:
        raise typer.BadParameter("--interval goes with --mode continuous: one scan has no next one")
    if due_at > now():
        raise typer.BadParameter(f"--as-of {due_at:%Y-%m-%dT%H:%M:%S} UTC is in the future")


def once(scans: Scans, options: Options, due_at: datetime, *, as_json: bool) -> ScanResult:
    """Runs one scan and shows it."""
    known = scans.finished(due_at, options)
    if as_json:
        if known:
            ScanScreen(errors, scans.settings(), options, scans.cadence()).scanned_already(known)
        else:
            scans.start(due_at, options)
        result = [step for step in scans.follow(due_at) if isinstance(step, ScanResult)][-1]
        print_json(result.model_dump_json())
        return result
    screen = ScanScreen(console, scans.settings(), options, scans.cadence())
    screen.banner()
    screen.header(1, due_at)
    if known:
        screen.scanned_already(known)
    else:
        scans.start(due_at, options)
    result = show(scans, screen, due_at)
    screen.statistics(Statistics.of(result), next_at=scans.cadence().after(now()))
    return result


def continuous(scans: Scans, options: Options, interval: int | None) -> None:
    """Follows every scan until Ctrl+C.

    Where the options are the deployed ones, the schedule starts each scan and this terminal shows it. Where
    they are not, the terminal starts each itself, a moment before the schedule would; the ledger gives a due
    time to one of the two only, so nothing is scanned twice. A scan that fails, or that a lost connection hides,
    is said and left out of the statistics; the next one is awaited.
    """
    deployed = scans.cadence()
    cadence = Cadence(minutes=interval) if interval else deployed
    screen = ScanScreen(console, scans.settings(), options, cadence)
    screen.banner()
    screen.who_starts(deployed, own=bool(options) or cadence != deployed)
    seen = Statistics()
    try:
        due_at = cadence.after(now())
        for number in count(1):
            own = bool(options) or due_at != deployed.after(due_at - timedelta(seconds=1))
            screen.waiting(due_at)
            wait_until(due_at - AHEAD if own else due_at)
            screen.header(number, due_at)
            try:
                if own:
                    scans.start(due_at, options)
                seen = seen.and_also(show(scans, screen, due_at))
            except (ScanFailedError, BotoCoreError, ClientError) as error:
                screen.lost(error)
            due_at = cadence.after(max(due_at, now()))
            screen.statistics(seen, next_at=due_at)
    except KeyboardInterrupt:
        return
    finally:
        screen.stopped(seen)


def show(scans: Scans, screen: ScanScreen, due_at: datetime) -> ScanResult:
    """Shows a scan step by step; returns its result."""
    steps: dict[type, Callable[..., None]] = {
        Briefs: screen.chosen,
        Draft: screen.written,
        ScanResult: screen.finished,
    }
    for step in scans.follow(due_at):
        steps[type(step)](step)
    assert isinstance(step, ScanResult)
    return step
