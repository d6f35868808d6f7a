"""`beforehand templates`: what messages are written from, in each language, one version after the other."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from beforehand_cli.api import Api, ApiRefusedError
from beforehand_cli.commands import shown
from beforehand_cli.deployment import Deployment
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json
from beforehand_cli.terminal import errors as progress

NOT_FOUND = 404
FIELDS = frozenset(("subject", "body", "variables", "note"))
app = typer.Typer(help="Templates of messages, in each language.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The template's name, such as appointment_reminder.")]
Language = Annotated[str, typer.Option(help="The language's tag, such as hi.")]


@app.callback()
def templates() -> None:
    """Templates of messages, in each language."""


@app.command("list")
def list_templates(stage: Stage = None, as_json: AsJson = False) -> None:
    """List templates, with the languages that each is written in; version 0 comes with the product."""
    found = list(_api(stage).items("/v1/templates", most=100_000))
    if not as_json:
        for one in found:
            one["languages"] = ", ".join(f"{of['language']} {of['version']}" for of in one["languages"])
            one["variables"] = ", ".join(f"{name}: {kind}" for name, kind in one["variables"].items())
    shown.listed(found, ("name", "languages", "variables", "note"), as_json)


@app.command()
def show(
    name: Name,
    language: Annotated[str | None, typer.Option(help="Only this language, with its text.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="This version; else the one that is used.")] = None,
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this file, for `set`.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Show a template: what is used in each language, and who saved which version when."""
    api = _api(stage)
    if language is None:
        if version is not None or to is not None:
            raise typer.BadParameter("--version and --to are of one language: add --language")
        _show_all(api.get(_path(name)), as_json)
        return
    found = api.get(_path(name, language), version=version)
    if to is not None:
        to.write_text(as_file(found), encoding="utf-8")
        progress.print(f"{to}: version {found['version']} of {name} in {language}", highlight=False, markup=False)
    elif as_json:
        print_json(json.dumps(found))
    else:
        console.print(as_file(found), highlight=False, markup=False, soft_wrap=True)


@app.command("set")
def set_template(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file such as `show --to` writes.")],
    name: Annotated[str | None, typer.Option(help="Its name; else that of the folder that the file is in.")] = None,
    language: Annotated[str | None, typer.Option(help="Its language; else what the file is named by.")] = None,
    expected_version: Annotated[
        int | None, typer.Option(min=0, help="Refuse if another version is the newest by now.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What changed.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Save a new version of a template from a file; it is used from now on. One that would go wrong is refused."""
    document = _document(file)
    name, language = name or file.absolute().parent.name, language or file.stem
    api = _api(stage)
    expected = _newest(api, name, language) if expected_version is None else expected_version
    body = {**document, "expected_version": expected, **({} if note is None else {"note": note})}
    _told(api.write("PUT", _path(name, language), body), as_json)


@app.command()
def restore(
    name: Name,
    language: Language,
    version: Annotated[int, typer.Option(min=0, help="The version to use again; 0 comes with the product.")],
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Go back to an older version: what it says is saved again as the newest."""
    api = _api(stage)
    body = {"version": version, "expected_version": _newest(api, name, language)}
    _told(api.write("POST", f"{_path(name, language)}/restore", body), as_json)


@app.command()
def preview(
    name: Name,
    language: Annotated[str | None, typer.Option(help="The language's tag; else the customer's or yours.")] = None,
    customer: Annotated[str | None, typer.Option(help="For this customer: their name, language and zone.")] = None,
    channel: Annotated[str, typer.Option(help="email, sms or webhook.")] = "email",
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A variable, as name=Asha; others get an example.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="The zone of times, such as Asia/Kolkata.")] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the page of the e-mail here.")] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Show a message as it would leave; nothing is sent."""
    api = _api(stage)
    kinds = kinds_of(api, name)
    body = {
        "channel": channel,
        "variables": dict(value_of(one, kinds) for one in values or ()),
        **{
            key: value
            for key, value in (("language", language), ("customer_id", customer), ("zone", zone))
            if value is not None
        },
    }
    found = api.write("POST", f"{_path(name)}/preview", body)
    if html is not None:
        if found["html"] is None:
            raise typer.BadParameter("only an e-mail has a page: leave --html out, or choose --channel email")
        html.write_text(found["html"], encoding="utf-8")
    if as_json:
        print_json(json.dumps(found))
        return
    _print(f"Subject: {found['subject']}\n\n{found['text']}\n")
    _print(f"{found['because']}, {found['frame_because']}; version {found['version']}")
    if found["segments"]:
        _print(f"{found['segments']['count']} segments of {found['segments']['encoding']}")
    if found["examples"]:
        _print(f"examples: {', '.join(found['examples'])}; give your own with --set")


def as_file(template: Mapping[str, Any]) -> str:
    """A template as the file that `set` takes."""
    lines = [f"# {template['name']} in {template['language']}, version {template['version']}"]
    lines += [f"{field} = {_toml(template[field])}" for field in ("subject", "body", "note")]
    declared = [f"{name} = {_toml(kind)}" for name, kind in template["variables"].items()]
    return "\n".join([*lines, "", "[variables]", *declared]) + "\n"


def _toml(text: str) -> str:
    """A text in TOML: as it is, where it has several lines and nothing that TOML would read otherwise."""
    if "\n" in text and "'''" not in text and not text.endswith("'") and _is_plain(text):
        return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_plain(text: str) -> bool:
    return all(sign in "\n\t" or (sign >= " " and sign != "\x7f") for sign in text)


def _document(file: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} is no TOML: {error}") from error
    if other := sorted(found.keys() - FIELDS):
        raise typer.BadParameter(
            f"{file} has {', '.join(other)}, which no template has; it has {', '.join(FIELDS)}"
        )
    return {"variables": {}, **found}


def _newest(api: Api, name: str, language: str) -> int:
    try:
        return int(api.get(_path(name, language))["version"])
    except ApiRefusedError as refused:
        if refused.status == NOT_FOUND:
            return 0
        raise


def kinds_of(api: Api, name: str) -> dict[str, str]:
    """The type of each variable of a template."""
    languages = api.get(_path(name))["languages"]
    return {name: kind.rstrip("?") for one in languages for name, kind in one["variables"].items()}


def value_of(given: str, kinds: Mapping[str, str]) -> tuple[str, Any]:
    """What `--set` gives, as JSON has it: `price=12.50 INR` is money, `count=2` a number, `place=` is missing."""
    name, is_set, text = given.partition("=")
    if not is_set or not name:
        raise typer.BadParameter(f"--set takes name=value, such as name=Asha; {given!r} has no =")
    kind = kinds.get(name)
    if text == "":
        return name, None
    if kind == "money":
        amount, _, currency = text.partition(" ")
        return name, {"amount": amount, "currency": currency}
    if kind == "number":
        try:
            return name, json.loads(text)
        except ValueError:
            raise typer.BadParameter(f"{name} is a number, such as {name}=2") from None
    return name, text


def _show_all(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(found))
        return
    shown.listed(found["languages"], ("language", "version", "origin", "subject"), False)
    if found["versions"]:
        _print("")
        history = ("language", "version", "created_at", "created_by", "restored_from", "note")
        shown.listed(found["versions"], history, False)


def _told(saved: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.dumps(saved))
        return
    one = saved["template"]
    _print(f"{one['name']} in {one['language']}: {saved['because']}")


def _print(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _path(name: str, language: str | None = None) -> str:
    parts = [name] if language is None else [name, language]
    return "/v1/templates/" + "/".join(quote(part, safe="") for part in parts)


def _api(stage: str | None) -> Api:
    return Api(Deployment.of_stage(stage))
