"""`beforehand outreach propose`: a message to one customer, by a text or a template; or what it would be."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from beforehand_cli.commands.shown import of_api
from beforehand_cli.commands.templates import kinds_of, value_of
from beforehand_cli.options import AsJson, Stage
from beforehand_cli.terminal import console, print_json


def propose(
    customer: Annotated[str, typer.Argument(help="Whom it is for.")],
    channel: Annotated[str, typer.Option(help="email, sms or webhook.")] = "email",
    subject: Annotated[str | None, typer.Option(help="The subject of an e-mail.")] = None,
    body: Annotated[str | None, typer.Option(help="What it says; blank lines part paragraphs.")] = None,
    template: Annotated[str | None, typer.Option(help="The template that it is written from.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A variable of the template, as name=value.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="The language's tag; else the customer's.")] = None,
    due: Annotated[datetime | None, typer.Option(help="Not before this moment, by your clock; else now.")] = None,
    not_after: Annotated[
        datetime | None, typer.Option(help="When it is too late, by your clock; else a week after it is due.")
    ] = None,
    priority: Annotated[int | None, typer.Option(min=0, max=100, help="Higher goes first; else 50.")] = None,
    purpose: Annotated[str, typer.Option(help="manual or custom.")] = "manual",
    cycle: Annotated[
        str | None, typer.Option(help="Your own key, of which one message is made, however often you ask.")
    ] = None,
    follows: Annotated[str | None, typer.Option(help="The outreach that it goes on from.")] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Let it wait until a person releases it.")] = False,
    needs_approval: Annotated[
        bool, typer.Option("--needs-approval", help="Let it wait until an admin approves it.")
    ] = False,
    approve_by: Annotated[
        datetime | None, typer.Option(help="When that is due, by your clock; else in a day.")
    ] = None,
    otherwise: Annotated[
        str | None, typer.Option(help="send or dismissed, where no admin has taken it by then.")
    ] = None,
    automated: Annotated[
        bool, typer.Option("--automated", help="No person asked for it: holdout, cool-down and budget count.")
    ] = False,
    because: Annotated[str | None, typer.Option(help="Why, for those who look later; name nobody.")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Keep nothing; show the message, and what the gate would say.")
    ] = False,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Propose a message to a customer (operators); the gate decides when it is due."""
    if (body is None) == (template is None):
        raise typer.BadParameter("give --body or --template, one of the two")
    if values and template is None:
        raise typer.BadParameter("--set fills a template; name one with --template")
    api = of_api(stage)
    asked = {
        "customer_id": customer,
        "channel": channel,
        "purpose": purpose,
        "subject": subject,
        "body": body,
        "template": template,
        "language": language,
        "due_at": due and due.astimezone().isoformat(),
        "not_after": not_after and not_after.astimezone().isoformat(),
        "priority": priority,
        "cycle": cycle,
        "follows": follows,
        "hold": hold or None,
        "needs_approval": needs_approval or None,
        "approve_by": approve_by and approve_by.astimezone().isoformat(),
        "otherwise": otherwise,
        "automated": automated or None,
        "because": because,
        "preview": preview or None,
    }
    document: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if template is not None and values:
        kinds = kinds_of(api, template)
        document["variables"] = dict(value_of(one, kinds) for one in values)
    told = api.write("POST", "/v1/outreach", document)
    if as_json:
        print_json(json.dumps(told))
        return
    if message := told["message"]:
        _print(f"Subject: {message['subject']}\n\n{message['text']}\n")
        _print("; ".join(filter(None, [message["because"], _segments(message["segments"])])))
        _print(told["because"])
        return
    state = told["state"] if told["new"] else f"not new, {told['state']}"
    _print(f"{told['outreach_id']} is {state}: {told['because']}")


def _segments(count: int | None) -> str | None:
    return None if count is None else f"{count} segment{'s' if count > 1 else ''}"


def _print(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
