"""How long each function takes to start, beside a function on the same libraries that is shipped as is usual.

Every start is a fresh process that sees what Lambda would unzip and nothing else, each file dated 1980. Rounds are
interleaved, figures are medians, goals are ratios: milliseconds differ between machines. See benchmarks/README.md.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from uv import find_uv_bin

from infra.packages import ROOT, STARTED_WITH, Packages, Target

KEPT = ROOT / ".beforehand"
HERE = Path(__file__).parent
PEER = HERE / "peer"
ZIPPED_AT = 315_532_800
"""1980-01-01 in seconds: the date that zip tools give to what they pack for Lambda."""

ROUNDS = 11
CLIENTS = {
    "churn_brief": ["s3"],
    "churn_export": ["s3"],
    "churn_propose": ["s3"],
    "churn_write": ["s3"],
    "customers_import": ["s3"],
    "database_setup": ["secretsmanager", "lambda"],
    "outbox_relay": ["dynamodb", "stepfunctions"],
    "outbox_sweep": ["dynamodb"],
}
"""The AWS clients that a function makes on its first call, as the peer does at import; the others make none."""

MORE_LAYERS = {"customers_import": ["imports"], "database_migrate": ["migrations"]}
ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
}
"""What Lambda sets before it starts a function; by it, Powertools knows that it is on Lambda."""


class PeerUnavailableError(Exception):
    """The peer's packages could not be installed, so there is nothing to compare with. uv said:
    {output}"""

    def __init__(self, output: str) -> None:
        super().__init__((self.__doc__ or "").format(output=output.strip()))


class StartFailedError(Exception):
    """{function} did not start:
    {output}"""

    def __init__(self, function: str, output: str) -> None:
        super().__init__((self.__doc__ or "").format(function=function, output=output.strip()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipped:
    """A function as Lambda unzips it: its folders in the order of `sys.path`, and what it is started with."""

    name: str
    folders: Sequence[Path]
    clients: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> float:
        """Megabytes, unzipped, byte code included."""
        return sum(f.stat().st_size for folder in self.folders for f in folder.rglob("*") if f.is_file()) / 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Medians over the rounds: milliseconds, resident megabytes, and counts of modules."""

    init: float
    ready: float
    """The start together with the clients of the first call."""
    megabytes: float
    modules: float
    compiled: float
    """Modules that had no byte code which Python accepts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A function's start and package over the peer's; smaller is better."""

    shipped: Shipped
    start: Start
    to_usual: float
    to_compiled: float
    memory: float
    package: float


def main() -> None:
    """Measures every function and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"starts of each function (default {ROUNDS})")
    rounds = parser.parse_args().rounds
    try:
        usual, compiled = install_peer()
        with tempfile.TemporaryDirectory(dir=KEPT / "benchmarks") as place:
            ours = list(ship(Path(place)))
            starts = measure([usual, compiled, *ours], rounds)
            report([compare(one, starts, usual=usual, compiled=compiled) for one in [*ours, compiled, usual]])
    except (PeerUnavailableError, StartFailedError) as error:
        sys.exit(str(error))


def ship(place: Path) -> Iterable[Shipped]:
    """Every function as `infra.packages` builds it for this machine's Python."""
    packages = Packages(Target.host(), kept=KEPT / "packages")
    shared = [packages.ours(b"no certificate is read at start").path, packages.requirements("runtime").path]
    for handler in sorted((ROOT / "functions").glob("*/handler.py")):
        name = handler.parent.name
        layers = [*shared, *(packages.requirements(more).path for more in MORE_LAYERS.get(name, []))]
        opt, task = place / "-".join(layer.name for layer in layers), place / name
        if not opt.exists():
            _unzip([layer / "python" for layer in layers], opt)
        _unzip([packages.function(name).path], task)
        yield Shipped(name=name, folders=[task, opt], clients=CLIENTS.get(name, []), environment=STARTED_WITH)


def install_peer() -> tuple[Shipped, Shipped]:
    """The peer as it is usually shipped, its byte code refused for its date, and the same with good byte code.

    Kept between runs. Raises PeerUnavailableError.
    """
    lock = PEER / "requirements.txt"
    sources = lock.read_bytes() + (PEER / "handler.py").read_bytes() + sys.version.encode()
    place = KEPT / "benchmarks" / f"peer-{hashlib.sha256(sources).hexdigest()[:16]}"
    good, zipped = place / "good", place / "zipped"
    if not zipped.is_dir():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        install(lock, good)
        shutil.copy(PEER / "handler.py", good)
        subprocess.run([sys.executable, "-I", "-m", "compileall", "-q", str(good)], check=True)
        _unzip([good], zipped)
    return (
        Shipped(name="peer, as usually shipped", folders=[zipped]),
        Shipped(name="peer, with byte code", folders=[good]),
    )


def install(lock: Path, folder: Path) -> None:
    """Installs locked requirements into a folder. Raises PeerUnavailableError."""
    command = [find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, "--require-hashes"]
    options = ["--only-binary", ":all:", "--link-mode", "copy", "--target", str(folder), "-r", str(lock)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeerUnavailableError(done.stdout + done.stderr)


def _unzip(sources: Sequence[Path], folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    for source in sources:
        shutil.copytree(source, partial, dirs_exist_ok=True)
    for file in partial.rglob("*"):
        os.utime(file, (ZIPPED_AT, ZIPPED_AT))
    partial.rename(folder)


def measure(functions: Sequence[Shipped], rounds: int) -> dict[str, Start]:
    """Starts each function once in every round, after a round that only warms the disk's cache."""
    taken: dict[str, list[dict[str, float]]] = {function.name: [] for function in functions}
    for turn in range(rounds + 1):
        for function in functions:
            figures = start(function)
            if turn:
                taken[function.name].append(figures)
    return {
        name: Start(**{figure: median(one[figure] for one in each) for figure in each[0]})
        for name, each in taken.items()
    }


def start(function: Shipped) -> dict[str, float]:
    """Starts a function once, in a process of its own. Raises StartFailedError."""
    script = [sys.executable, "-I", "-S", "-B", str(HERE / "start.py")]
    arguments = [":".join(map(str, function.folders)), ",".join(function.clients)]
    environment = {**ENVIRONMENT, **function.environment}
    done = subprocess.run(
        [*script, *arguments],
        cwd=function.folders[0],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartFailedError(function.name, done.stderr)
    return dict(json.loads(done.stdout))


def compare(one: Shipped, starts: Mapping[str, Start], *, usual: Shipped, compiled: Shipped) -> Compared:
    """The function beside the peer."""
    took = starts[one.name]
    return Compared(
        shipped=one,
        start=took,
        to_usual=took.ready / starts[usual.name].ready,
        to_compiled=took.ready / starts[compiled.name].ready,
        memory=took.megabytes / starts[usual.name].megabytes,
        package=one.package / compiled.package,
    )


def report(rows: Sequence[Compared]) -> None:
    """The table, and what has become of each goal."""
    heads = ["init ms", "ready ms", "/ usual", "/ compiled", "RSS MB", "/ usual", "package MB", "/ peer", "modules"]
    print(f"{'':25}" + "".join(f"{head:>11}" for head in heads))
    for row in rows:
        took = row.start
        cells = [
            f"{took.init:.0f}",
            f"{took.ready:.0f}",
            f"{row.to_usual:.3f}",
            f"{row.to_compiled:.2f}",
            f"{took.megabytes:.1f}",
            f"{row.memory:.2f}",
            f"{row.shipped.package:.1f}",
            f"{row.package:.2f}",
            f"{took.modules:.0f}",
        ]
        print(f"{row.shipped.name:25}" + "".join(f"{cell:>11}" for cell in cells))
    print()
    _judge(rows[:-2])


def _judge(ours: Sequence[Compared]) -> None:
    with_clients = [row for row in ours if row.shipped.clients]
    without = [row for row in ours if not row.shipped.clients]
    goals = [
        ("A1 start with clients / usual", 0.25, with_clients, [row.to_usual for row in with_clients]),
        ("A2 start with clients / compiled", 0.55, with_clients, [row.to_compiled for row in with_clients]),
        ("A3 start without clients / usual", 0.17, without, [row.to_usual for row in without]),
        ("A4 memory / usual", 0.60, ours, [row.memory for row in ours]),
        ("A4 package / peer", 0.70, ours, [row.package for row in ours]),
        ("A5 modules without byte code", 0, ours, [row.start.compiled for row in ours]),
    ]
    for name, goal, rows, figures in goals:
        over = [f"{r.shipped.name} {f:.3g}" for r, f in zip(rows, figures, strict=True) if f > goal]
        met = "met by all" if not over else "missed by " + ", ".join(over)
        print(f"{name:34} goal {goal:4.2f}   from {min(figures):.2f} to {max(figures):.2f}: {met}")


if __name__ == "__main__":
    main()
