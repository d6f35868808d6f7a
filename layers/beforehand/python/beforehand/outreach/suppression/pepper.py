"""The pepper: without it nobody can try whose address a hash is of. Made once; another would forget everyone."""

import hashlib
import secrets
from functools import cache
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from beforehand.adapters.s3 import S3Files
from beforehand.errors import BeforehandError
from beforehand.names import Prefix

KEY = f"{Prefix.SECRETS}pepper"
BYTES = 32


class PepperLostError(BeforehandError):
    """The pepper is gone, or it is not the one that the suppressions were hashed with."""

    def __init__(self) -> None:
        super().__init__(
            f"The file {KEY} is gone or changed, and suppressions were hashed with it: bring its first version "
            "back (the bucket keeps versions). With a new one, everyone who opted out would be contacted again"
        )


class Pepper(BaseModel):
    """The pepper as it lies in the files bucket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]

    @property
    def fingerprint(self) -> str:
        """Tells one pepper from another, and nothing about it."""
        return hashlib.sha256(b"pepper\x1f" + bytes.fromhex(self.secret)).hexdigest()


class Fingerprints(Protocol):
    """Which pepper the database's hashes were made with."""

    def known(self) -> str | None: ...
    def remember(self, fingerprint: str) -> None: ...


def ensure(files: S3Files, fingerprints: Fingerprints) -> None:
    """Makes the pepper with the first deployment; with every other, sees that it is still that one.

    Killed at any point, it goes on where it was. Raises PepperLostError.
    """
    known = fingerprints.known()
    if known is None:
        files.claim(KEY, Pepper(secret=secrets.token_hex(BYTES)))
    kept = files.find(KEY, Pepper)
    if kept is None or (known is not None and kept.fingerprint != known):
        raise PepperLostError
    if known is None:
        fingerprints.remember(kept.fingerprint)


@cache
def pepper(bucket: str) -> bytes:
    """The pepper, read once by a warm function. Raises NotFoundError before the first deployment has ended."""
    return bytes.fromhex(S3Files(bucket).read(KEY, Pepper).secret)
