"""The environment of each function as a type: infrastructure writes it, the function reads it.

A setting's variable is its field's name in capitals, with `BEFOREHAND_` before it, on both sides. Each capability
has a module of its own, so that a function loads no other's.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beforehand.errors import InvalidSettingsError
from beforehand.names import DATABASE_NAME

PREFIX = "BEFOREHAND_"

S = TypeVar("S", bound="Settings")

Share = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, le=100)]


class Settings(BaseModel):
    """What one function is told by the stack that deployed it."""

    # A function uses its own settings and pays for no others.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def to_env(self) -> dict[str, str]:
        """The settings as environment variables; one that is None has none."""
        given = self.model_dump(mode="json", exclude_none=True)
        return {_variable(name): str(value) for name, value in given.items()}

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings that `to_env` wrote.

        Raises InvalidSettingsError naming each variable that is missing or wrong.
        """
        given = os.environ if environ is None else environ
        known = {name: given[_variable(name)] for name in cls.model_fields if _variable(name) in given}
        try:
            return cls(**known)
        except ValidationError as error:
            raise InvalidSettingsError(
                f"{_variable(str(e['loc'][0]))}: {e['msg']}" for e in error.errors()
            ) from error


def _variable(name: str) -> str:
    return PREFIX + name.upper()


@cache
def from_environment(kind: type[S]) -> S:
    """This process's own settings, read once."""
    return kind.from_env()


class DatabaseSettings(Settings):
    """Where the database is and as whom to sign in (an IAM token, made when connecting)."""

    database_host: str
    database_port: Annotated[int, Field(ge=1, le=65535)]
    database_name: str = DATABASE_NAME
    database_user: str


class FilesSettings(Settings):
    """The bucket that hands facts from one function to the next."""

    files_bucket: str


class CompanySettings(Settings):
    """Whom messages are from, and the language and zone that it writes in where a person's are not known."""

    company_name: str
    company_address: str | None = None
    company_support_url: str | None = None
    company_language: str = "en"
    company_zone: str = "UTC"


class CommandsSettings(Settings):
    """The table that commands are carried out from."""

    commands_table: str


class GatesSettings(Settings):
    """The table where each attempt has its key, and each suppression and kill switch its row."""

    gates_table: str
