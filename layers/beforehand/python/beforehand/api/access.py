"""Who may do what: every route and the least role it takes. The gateway's routes are made of the same table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a user may do, least first; each may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def may(self) -> str:
        """What the role is for, in words."""
        return {"viewer": "May look", "operator": "May work", "admin": "May change how it works"}[self.value]

    def covers(self, least: "Role") -> bool:
        """Whether this role is at least that one."""
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


LEAST_ROLE: Mapping[str, Role] = MappingProxyType(
    {
        "GET /v1/me": Role.VIEWER,
        "GET /v1/openapi.json": Role.VIEWER,
    }
)
"""A route that is not listed here cannot be registered."""
