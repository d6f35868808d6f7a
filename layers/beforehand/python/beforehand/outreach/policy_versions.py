"""Versions of the contact policy: a change makes a new one, and so does going back to an old one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from beforehand.errors import BeforehandError
from beforehand.outreach.policy import ContactPolicy
from beforehand.outreach.policy_document import PolicyDocument


class PolicyMovedError(BeforehandError):
    """Somebody else changed the contact policy meanwhile."""

    def __init__(self, expected: str, newest: str) -> None:
        super().__init__(f"The contact policy is {newest} by now, not {expected}: look at it, and change that one")


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyVersion:
    """One version: what it says, why it was made, by whom and when, and from when on it counts."""

    version: str
    document: PolicyDocument
    because: str
    created_at: datetime
    created_by: str
    active_from: datetime

    @property
    def number(self) -> int:
        """Which version it is: 3 of contact-v3."""
        return int(self.version.removeprefix("contact-v"))

    @property
    def policy(self) -> ContactPolicy:
        """The policy as the gate knows it."""
        return self.document.policy(self.version)


class Policies(Protocol):
    """Where the versions are kept."""

    def newest(self) -> PolicyVersion:
        """The version that was made last."""

    def get(self, version: str) -> PolicyVersion:
        """One version. Raises NotFoundError."""

    def add(self, version: PolicyVersion) -> bool:
        """Keeps a new version; False where another took its name meanwhile."""


def change(
    document: PolicyDocument, *, expected: str, because: str, by: str, policies: Policies, now: datetime
) -> PolicyVersion:
    """Makes a new version, which counts from now on. Raises PolicyMovedError unless `expected` is the newest."""
    return _add(document, expected, because, by, policies, now)


def restore(
    version: str, *, expected: str, because: str, by: str, policies: Policies, now: datetime
) -> PolicyVersion:
    """Makes a new version of what an old one said. Raises NotFoundError, and PolicyMovedError as `change` does."""
    said = f"as {version} was: {because}"
    return _add(policies.get(version).document, expected, said, by, policies, now)


def _add(
    document: PolicyDocument, expected: str, because: str, by: str, policies: Policies, now: datetime
) -> PolicyVersion:
    newest = policies.newest()
    if newest.version != expected:
        raise PolicyMovedError(expected, newest.version)
    version = PolicyVersion(
        version=f"contact-v{newest.number + 1}",
        document=document,
        because=because,
        created_at=now,
        created_by=by,
        active_from=max(now, newest.active_from),
    )
    if not policies.add(version):
        raise PolicyMovedError(expected, version.version)
    return version
