"""`beforehand policy`: the contact policy, its history, changing it and going back, and what the gate would say."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from beforehand.errors import BeforehandError
from beforehand_cli.api import Api
from beforehand_cli.commands.shown import Limit
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json

app = typer.Typer(help="Show and change when and how often customers are contacted.", no_args_is_help=True)

At = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], help="As of this moment (UTC)."),
]
Because = Annotated[str, typer.Option(help="Why; it is kept with the version. Name no customer.")]
Expected = Annotated[
    str | None, typer.Option("--from", metavar="VERSION", help="The version you looked at; else the one in force.")
]


class UnreadablePolicyError(BeforehandError):
    """A file holds no contact policy."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}; `beforehand policy show --json` prints one to begin with")


@app.command()
def show(at: At = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show the policy in force, now or at a moment."""
    _show(_api(stage).get("/v1/contact-policy", at=_utc(at)), as_json)


@app.command()
def history(limit: Limit = 20, stage: Stage = None, as_json: AsJson = False) -> None:
    """List the versions, newest first, with who made each and why."""
    found = _api(stage).items("/v1/contact-policies", most=limit)
    if as_json:
        for one in found:
            print_json(json.dumps(one))
        return
    table = Table("version", "counts from", "made by", "because", box=None, pad_edge=False)
    for one in found:
        table.add_row(one["version"], _local(one["active_from"]), one["created_by"], one["because"])
    console.print(table, markup=False, highlight=False)


@app.command(name="set")
def set_policy(
    file: Annotated[Path, typer.Argument(help="The whole policy as JSON, as `show --json` prints it.")],
    because: Because,
    expected: Expected = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version, which counts from now on; `restore` takes it back."""
    given = _read(file)
    # What `show --json` prints names the version that it is of.
    expected = expected or given.get("version")
    document = given.get("policy", given)
    api = _api(stage)
    body = {"expected_version": expected or _newest(api), "because": because, "policy": document}
    _show(api.write("PUT", "/v1/contact-policy", body), as_json)


@app.command()
def restore(
    version: Annotated[str, typer.Argument(help="Such as contact-v1.")],
    because: Because,
    expected: Expected = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version of what an old one said."""
    api = _api(stage)
    body = {"version": version, "expected_version": expected or _newest(api), "because": because}
    _show(api.write("POST", "/v1/contact-policy/restore", body), as_json)


@app.command(name="try")
def try_policy(
    customer_id: Annotated[str, typer.Argument(help="Whom a message would go to.")],
    channel: Annotated[str, typer.Option(help="email, sms, voice or webhook.")] = "email",
    purpose: Annotated[str, typer.Option(help="What the message would be for.")] = "churn_intervention",
    at: At = None,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="As if a person sent it themselves.")] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Say what the gate would say to a message for a customer; nothing is sent."""
    body: dict[str, Any] = {"customer_id": customer_id, "channel": channel, "purpose": purpose}
    if at is not None:
        body["at"] = _utc(at)
    if by_hand:
        body["automated"] = False
    said = _api(stage).write("POST", "/v1/contact-policy/try", body)
    if as_json:
        print_json(json.dumps(said))
        return
    until = f" until {_local(said['until'])}" if said["until"] else ""
    line = f"{said['action']}{until}: {said['because']} ({said['rule']}, {said['policy_version']})"
    console.print(line, highlight=False, markup=False)


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.replace(tzinfo=UTC).isoformat()


def _api(stage: str | None) -> Api:
    return Api(Deployment.of_stage(stage))


def _newest(api: Api) -> str:
    return str(next(api.items("/v1/contact-policies", most=1))["version"])


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadablePolicyError(path, f"cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UnreadablePolicyError(path, f"is not JSON ({error})") from None
    if not isinstance(given, dict):
        raise UnreadablePolicyError(path, "holds no JSON object")
    return given


def _show(one: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(one))
        return
    told = f"{one['version']} of {_local(one['active_from'])}, by {one['created_by']}: {one['because']}"
    console.print(told, highlight=False, markup=False)
    policy = one["policy"]
    width = max(len(name) for name in policy)
    for name, value in policy.items():
        console.print(f"  {name.replace('_', ' '):<{width}}  {_said(value)}", highlight=False, markup=False)


def _said(value: Any) -> str:
    if isinstance(value, Mapping) and "hours" in value:
        return f"{value['hours']} on {', '.join(day[:3] for day in value['days'])}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M %Z}"
