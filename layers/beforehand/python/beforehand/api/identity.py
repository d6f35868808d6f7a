"""Who asks, by the access token: the gateway has verified who signed it, and here is checked what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from beforehand.api.access import Role
from beforehand.api.problems import refuse


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A user by the id that Cognito made, and the highest role of theirs."""

    user: str
    role: Role | None
    until: int
    """When the token ends, in seconds since 1970."""

    def must_cover(self, least: Role) -> None:
        """Raises the refusal of a caller whose role is too low."""
        if self.role is None:
            raise refuse(HTTPStatus.FORBIDDEN, "You are in no group; an admin gives you a role.")
        if not self.role.covers(least):
            raise refuse(HTTPStatus.FORBIDDEN, f"This takes the role {least}; yours is {self.role}.")


def identify(event: Mapping[str, Any], *, client_id: str) -> Caller:
    """The caller of a request. Raises the refusal of a token that is no access token of our own client's."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    if not claims.get("sub"):
        raise refuse(HTTPStatus.UNAUTHORIZED, "Sign in first: there is no access token.")
    if claims.get("token_use") != "access":
        raise refuse(HTTPStatus.UNAUTHORIZED, "This is no access token; send the access token of your sign-in.")
    if claims.get("client_id") != client_id:
        raise refuse(HTTPStatus.UNAUTHORIZED, "This access token was given to another client.")
    roles = [role for role in Role if role in _groups(claims.get("cognito:groups", ""))]
    return Caller(user=str(claims["sub"]), role=roles[-1] if roles else None, until=int(claims.get("exp", 0)))


def _groups(claim: object) -> list[str]:
    """The gateway writes a list as `[admin viewer]`."""
    if isinstance(claim, str):
        return claim.removeprefix("[").removesuffix("]").replace(",", " ").split()
    return [str(group) for group in claim] if isinstance(claim, list) else []
