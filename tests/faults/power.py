"""Plants bugs in a copy of the product, one after the other, and sees that the tests of delivery find each.

python -m tests.faults.power             every bug
python -m tests.faults.power fence void  those whose names hold one of these words
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.bugs import BUGS, Bug
from tests.faults.conftest import FIRST_FAILURE

ROOT = Path(__file__).parent.parent.parent
COPIED = ("layers", "tests", "functions", "cli", "infra", "events", "pyproject.toml", "Makefile", "cdk.json")
TOOLS = ".beforehand/tools"
FOUND = re.compile(r"^(?:FAILED|ERROR) (\S+\.py.*?)(?: - .*)?$", re.M)
"""The name of a test that failed, which may hold spaces."""
SECONDS = 900


class PatchError(Exception):
    """A bug cannot be planted any more: its source has changed. Write the patch anew."""


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of a bug: the test that found it, or None where it survived."""

    bug: Bug
    by: str | None
    seconds: float
    said: str


def patched(bug: Bug, root: Path) -> str:
    """The source of the file with the bug in it. Raises PatchError unless each right text stands there once."""
    source = (root / bug.file).read_text()
    for right, wrong in bug.edits:
        if source.count(right) != 1:
            times = source.count(right)
            raise PatchError(f"{bug.name}: in {bug.file} this stands {times} times, and must once: {right!r}")
        source = source.replace(right, wrong)
    return source


def hunt(bug: Bug, *, root: Path = ROOT) -> Caught:
    """Plants one bug in a copy and runs the tests that must find it, one file after the other."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="beforehand-power-") as directory:
        copy = _copy(root, Path(directory))
        (copy / bug.file).write_text(patched(bug, root))
        by, said = None, ""
        for tests in bug.tests:
            by, said = _run(copy, tests)
            if by is not None:
                break
    return Caught(bug, by, time.monotonic() - began, said)


def _run(copy: Path, tests: str) -> tuple[str | None, str]:
    """The first test that fails, if one does; raises where the tests could not be run at all."""
    layer = copy / "layers" / "beforehand" / "python"
    paths = os.pathsep.join(map(str, (copy, layer, copy / "cli")))
    profile = ["--hypothesis-profile", FIRST_FAILURE] if tests.startswith("tests/faults/") else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", tests, *profile, "-x", "-p", "no:cacheprovider", "--no-header", "-rfE"],
        cwd=copy, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=SECONDS,
        check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return None, ""
    failed = found_in(done.stdout)
    if done.returncode != 1 or failed is None:
        raise RuntimeError(f"the tests {tests} could not be run:\n{done.stdout[-3_000:]}{done.stderr[-1_000:]}")
    return failed, done.stdout


def found_in(said: str) -> str | None:
    """The first test that failed, by what pytest said."""
    failed = FOUND.search(said)
    return failed and re.sub(r"^.*/(?=[^/]*\.py)", "", failed[1])


def _copy(root: Path, directory: Path) -> Path:
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("__pycache__", "cdk.out"))
        elif source.exists():
            shutil.copy2(source, directory / name)
    tools = root / TOOLS
    if tools.exists():
        (directory / TOOLS).parent.mkdir(parents=True, exist_ok=True)
        (directory / TOOLS).symlink_to(tools.resolve())
    return directory


def _sound(chosen: Sequence[Bug]) -> None:
    """Without a bug the tests must pass: what fails anyway finds nothing."""
    with TemporaryDirectory(prefix="beforehand-power-") as directory:
        copy = _copy(ROOT, Path(directory))
        for tests in sorted({tests for bug in chosen for tests in bug.tests}):
            by, said = _run(copy, tests)
            if by is not None:
                raise SystemExit(f"{by} fails without any bug; mend that first\n{said[-3_000:]}")


def table(caught: Sequence[Caught]) -> str:
    """Bug, what found it, and how long that took."""
    width = max(len(one.bug.name) for one in caught)
    lines = [
        f"{one.bug.name:{width}}  {one.seconds:5.0f} s  {one.by or 'SURVIVED: no test finds it'}" for one in caught
    ]
    alive = sum(one.by is None for one in caught)
    return "\n".join([*lines, f"{len(caught) - alive} of {len(caught)} bugs were found"])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", help="only bugs whose name holds one of these")
    parser.add_argument("--at-once", type=int, default=1, help="how many bugs are hunted at a time")
    given = parser.parse_args(arguments)
    chosen = [bug for bug in BUGS if not given.words or any(word in bug.name for word in given.words)]
    if not chosen:
        parser.error(f"no bug is named so; there are: {', '.join(bug.name for bug in BUGS)}")
    for bug in chosen:
        patched(bug, ROOT)
    _sound(chosen)
    with ThreadPoolExecutor(given.at_once) as hunters:
        caught = []
        for one in hunters.map(hunt, chosen):
            caught.append(one)
            print(f"{one.bug.name}: {one.by or 'survived'} ({one.seconds:.0f} s)", file=sys.stderr, flush=True)
    print(table(caught))
    return int(any(one.by is None for one in caught))


if __name__ == "__main__":
    sys.exit(main())
