"""The admin of the local stage, so that whoever starts it need not add anyone: a password is made and kept here."""

import json

from beforehand.api.access import Role
from beforehand_cli.local.aws import client_at
from beforehand_cli.local.state import StateDirectory, write_atomically
from beforehand_cli.users import UserExistsError, Users, new_password

EMAIL = "admin@beforehand.example"


def ensure_admin(directory: StateDirectory, *, endpoint: str, region: str) -> None:
    """Adds the admin where the endpoint has none, with the password of the state directory."""
    pool = _pool(directory)
    if pool is None:
        return
    if not directory.admin_password.is_file():
        write_atomically(directory.admin_password, new_password())
    users = Users(client_at(endpoint, "cognito-idp", region), pool)
    try:
        users.add(EMAIL, Role.ADMIN)
    except UserExistsError:
        return
    users.set_password(EMAIL, directory.admin_password.read_text(encoding="utf-8"))


def _pool(directory: StateDirectory) -> str | None:
    """The user pool that was deployed; None: the project has none."""
    stacks: dict[str, dict[str, str]] = json.loads(directory.outputs.read_text(encoding="utf-8"))
    return next((outputs["UserPool"] for outputs in stacks.values() if "UserPool" in outputs), None)
