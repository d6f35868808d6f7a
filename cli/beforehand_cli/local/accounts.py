"""Who runs the server: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from beforehand_cli.local.errors import LocalError

_UNPRIVILEGED = ("postgres", "nobody")


class NoAccountError(LocalError):
    """PostgreSQL does not run as root, and this machine has no account {names}; add one, or be somebody else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The operating system account that runs the server, since PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> "Account":
        """This process's own account, or an existing unprivileged one when it is root's.

        Raises:
            NoAccountError: this is root and the machine has no unprivileged account.
        """
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid())
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        for name in _UNPRIVILEGED:
            if name in known:
                return cls(uid=known[name].pw_uid, gid=known[name].pw_gid)
        raise NoAccountError(names=" or ".join(_UNPRIVILEGED))

    @property
    def is_own(self) -> bool:
        """Whether it is the account of this process."""
        return self.uid == os.geteuid()

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, outside any directory it may not enter."""
        dropped = {} if self.is_own else {"user": self.uid, "group": self.gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/"}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, cwd="/", env=environment, text=True, capture_output=True, check=False, **dropped
        )

    def reaches(self, path: Path) -> bool:
        """Whether the account can enter the directory."""
        return self.run(["/bin/sh", "-c", 'cd "$0"', str(path)]).returncode == 0
