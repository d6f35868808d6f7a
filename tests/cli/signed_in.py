"""Somebody who is signed in to the stage `dev`, for tests of commands that ask the API."""

from datetime import timedelta
from pathlib import Path

import pytest

from beforehand.clock import now
from beforehand_cli import sessions


def sign_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves a session in a folder of the test's own."""
    monkeypatch.setattr(sessions.typer, "get_app_dir", lambda _: str(folder))
    place = sessions.Place(api="https://api.example", client_id="c", region="eu-west-1")
    session = sessions.Session(
        user="a@example.com", place=place, access_token="t", refresh_token="r", until=now() + timedelta(minutes=10)
    )
    (folder / "session-dev.json").write_text(session.model_dump_json())
