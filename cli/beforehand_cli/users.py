"""The users of a stage, in Cognito: added, listed and removed with AWS credentials, never through the API."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beforehand.api.access import Role
from beforehand.errors import BeforehandError
from beforehand_cli.deployment import Deployment

SIGNS = "!@#%+=?_-"
PASSWORD_LENGTH = 20


class UnknownUserError(BeforehandError):
    """Nobody has this address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no user {email}; `beforehand users list` shows who there is.")


class UserExistsError(BeforehandError):
    """Somebody has this address already."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is a user {email} already; change what they may do with `beforehand users role`.")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One user. `state` is Cognito's: FORCE_CHANGE_PASSWORD until the first sign-in, then CONFIRMED."""

    email: str
    user: str
    role: Role | None
    state: str


def new_password() -> str:
    """A password that the user pool takes, and nobody guesses."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SIGNS)
    signs = [secrets.choice(kind) for kind in kinds]
    signs += [secrets.choice("".join(kinds)) for _ in range(PASSWORD_LENGTH - len(signs))]
    secrets.SystemRandom().shuffle(signs)
    return "".join(signs)


class Users:
    """The user pool of one stage."""

    def __init__(self, cognito: Any, pool: str) -> None:
        self._cognito = cognito
        self._pool = pool

    @classmethod
    def of(cls, deployment: Deployment) -> "Users":
        """The users of a stage. Raises NotDeployedError."""
        return cls(deployment.client("cognito-idp"), deployment.outputs["UserPool"])

    def add(self, email: str, role: Role) -> str:
        """Adds a user and returns the temporary password, which nothing keeps. Raises UserExistsError."""
        password = new_password()
        try:
            self._cognito.admin_create_user(
                UserPoolId=self._pool,
                Username=email,
                TemporaryPassword=password,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            )
        except self._cognito.exceptions.UsernameExistsException:
            raise UserExistsError(email) from None
        self._join(email, role)
        return password

    def set_password(self, email: str, password: str) -> None:
        """Gives a user a password to stay with. Raises UnknownUserError."""
        with self._known(email):
            self._cognito.admin_set_user_password(
                UserPoolId=self._pool, Username=email, Password=password, Permanent=True
            )

    def everyone(self) -> Iterator[User]:
        """Everyone, by address."""
        pages = self._cognito.get_paginator("list_users").paginate(UserPoolId=self._pool)
        found = [user for page in pages for user in page["Users"]]
        for user in sorted(found, key=_email):
            yield User(
                email=_email(user),
                user=user["Username"],
                role=self._role(user["Username"]),
                state=user["UserStatus"],
            )

    def change(self, email: str, role: Role) -> None:
        """Gives a user this role and no other. Raises UnknownUserError."""
        for group in self._groups(email):
            if group != role:
                self._cognito.admin_remove_user_from_group(UserPoolId=self._pool, Username=email, GroupName=group)
        self._join(email, role)

    def remove(self, email: str) -> None:
        """Removes a user, whose access token then ends within minutes. Raises UnknownUserError."""
        with self._known(email):
            self._cognito.admin_user_global_sign_out(UserPoolId=self._pool, Username=email)
            self._cognito.admin_delete_user(UserPoolId=self._pool, Username=email)

    def _join(self, email: str, role: Role) -> None:
        with self._known(email):
            self._cognito.admin_add_user_to_group(UserPoolId=self._pool, Username=email, GroupName=role.value)

    def _role(self, email: str) -> Role | None:
        groups = self._groups(email)
        return next((role for role in reversed(Role) if role in groups), None)

    def _groups(self, email: str) -> list[str]:
        with self._known(email):
            answer = self._cognito.admin_list_groups_for_user(UserPoolId=self._pool, Username=email)
            return [group["GroupName"] for group in answer["Groups"]]
        raise UnknownUserError(email)

    def _known(self, email: str) -> "_Known":
        return _Known(self._cognito.exceptions.UserNotFoundException, email)


class _Known:
    """Says in our words that there is no such user."""

    def __init__(self, missing: type[Exception], email: str) -> None:
        self._missing = missing
        self._email = email

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._missing):
            raise UnknownUserError(self._email) from None


def _email(user: dict[str, Any]) -> str:
    attributes = {one["Name"]: one["Value"] for one in user.get("Attributes", ())}
    return str(attributes.get("email", user["Username"]))
