"""Options that several verbs share."""

from typing import Annotated

import typer

Stage = Annotated[
    str | None,
    typer.Option(help="The deployed stage; `local` is the one that `up` starts.", envvar="BEFOREHAND_STAGE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
