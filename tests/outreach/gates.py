"""The table of gates in memory: the same promises as the real one, which tests/contracts/test_gates.py holds."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from beforehand.outreach.delivery.gates import Begun
from beforehand.outreach.delivery.model import Ended, GatesUnreachableError, Token, Told
from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.model import MarksUnreachableError

Key = tuple[UUID, int]


@dataclass
class MemoryGates:
    """`down`: no call is answered."""

    keys: dict[Key, Told] = field(default_factory=dict)
    nonces: dict[Key, str] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    switched: set[str] = field(default_factory=set)
    down: bool = False

    def begin(
        self, outreach_id: UUID, attempt: int, *, channel: Channel, contact: str, nonce: str, now: datetime
    ) -> Begun:
        self._reach()
        key = (outreach_id, attempt)
        if key in self.keys:
            return Begun.MINE if self.nonces.get(key) == nonce else Begun.TAKEN
        if contact in self.suppressed:
            return Begun.SUPPRESSED
        if self.switched & {"all", channel.value}:
            return Begun.STOPPED
        self.keys[key] = Told(token=Token.STARTED, ended=None, because="a sender began, and nothing more is known")
        self.nonces[key] = nonce
        return Begun.MINE

    def end(self, outreach_id: UUID, attempt: int, told: Told) -> None:
        self._reach()
        key = (outreach_id, attempt)
        if key in self.nonces and self.keys[key].ended is None:
            self.keys[key] = replace(told, token=Token.STARTED)

    def void(self, outreach_id: UUID, attempt: int, *, ended: Ended, because: str, now: datetime) -> Told:
        self._reach()
        told = Told(token=Token.VOID, ended=ended, because=because)
        return self.keys.setdefault((outreach_id, attempt), told)

    def read(self, attempts: Iterable[Key]) -> dict[Key, Told]:
        self._reach()
        return {key: self.keys[key] for key in attempts if key in self.keys}

    def stopped(self) -> frozenset[str]:
        self._reach()
        return frozenset(self.switched)

    def _reach(self) -> None:
        if self.down:
            raise GatesUnreachableError("the table of gates gave no answer")


@dataclass
class MemoryMarks:
    """The marks in the same table: what is put there, a sender that begins afterwards sees. `down`: no answer."""

    gates: MemoryGates
    makers_of: dict[str, set[str]] = field(default_factory=dict)
    down: bool = False

    def put(self, contact_hash: str, *, by: str, now: datetime) -> None:
        if self.down:
            raise MarksUnreachableError("the table of gates gave no answer")
        self.makers_of.setdefault(contact_hash, set()).add(by)
        self.gates.suppressed.add(contact_hash)

    def makers(self, contact_hash: str) -> frozenset[str]:
        return frozenset(self.makers_of.get(contact_hash, ()))

    def missing(self, contact_hashes: Sequence[str]) -> list[str]:
        return [one for one in contact_hashes if one not in self.gates.suppressed]

    def remove(self, contact_hash: str, *, makers: Collection[str]) -> bool:
        if self.makers_of.get(contact_hash) != set(makers):
            return False
        del self.makers_of[contact_hash]
        self.gates.suppressed.discard(contact_hash)
        return True
