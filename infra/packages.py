"""Builds what Lambda loads, without Docker: locked wheels, our own code, and byte code that Lambda accepts.

Zip tools date every file 1980, so byte code that is checked by time is rejected, and `/var/task` cannot be written:
a function then compiles everything it imports at each cold start, 712 ms instead of 260 ms for our packages.
Byte code with an unchecked hash is loaded as it is.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from infra import trim

ROOT = Path(__file__).parent.parent
OURS = ROOT / "layers" / "beforehand" / "python"
CERTIFICATES = Path("beforehand", "certificates", "database-ca.pem")
LAMBDA_PYTHON = "3.13"
IN_LAYER = "/opt/python"
IN_FUNCTION = "/var/task"
STARTED_WITH = {
    # None of the packages is a plugin of pydantic, and looking for one reads the notes of each.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
"""Variables that spare a function work when it starts."""


class PackageBuildError(Exception):
    """{what} could not be built. The tool said:
    {output}"""

    def __init__(self, what: str, output: str) -> None:
        super().__init__((self.__doc__ or "").format(what=what, output=output.strip()))


class MissingFunctionError(Exception):
    """there is no {path}; each function has its own folder with a handler.py"""

    def __init__(self, path: Path) -> None:
        super().__init__((self.__doc__ or "").format(path=path))


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The Python that will run what is built."""

    version: str
    platform: str | None
    """As uv names it; None: this machine's."""
    compiler: Path | None
    """A Python of that version on this machine; None: byte code cannot be made."""

    @classmethod
    def host(cls) -> "Target":
        """This machine's Python, which runs the functions locally."""
        version = "{}.{}".format(*sys.version_info)
        return cls(version=version, platform=None, compiler=Path(sys.executable))

    @classmethod
    def aws(cls) -> "Target":
        """AWS Lambda on Graviton."""
        return cls(version=LAMBDA_PYTHON, platform="aarch64-manylinux_2_28", compiler=find_python(LAMBDA_PYTHON))


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A folder that is ready to be uploaded, and the fingerprint of all that went into it."""

    path: Path
    fingerprint: str


class Packages:
    """Builds each package once and keeps it in `kept` under the fingerprint of its sources."""

    def __init__(self, target: Target, *, kept: Path) -> None:
        self._target = target
        self._kept = kept

    def requirements(self, layer: str) -> Package:
        """The layer of a locked requirements file, `layers/<layer>/requirements.txt`."""
        lock = ROOT / "layers" / layer / "requirements.txt"

        def fill(folder: Path) -> None:
            _install(lock, folder / "python", self._target)
            trim.layer(folder / "python")
            self._compile(folder / "python", IN_LAYER)

        return self._built(layer, [lock], fill, " ".join(trim.languages()).encode())

    def ours(self, authority: bytes) -> Package:
        """The layer of our own code, with the certificates that the database's must be signed by."""

        def fill(folder: Path) -> None:
            _copy(OURS, folder / "python")
            certificates = folder / "python" / CERTIFICATES
            certificates.parent.mkdir(exist_ok=True)
            certificates.write_bytes(authority)
            self._compile(folder / "python", IN_LAYER)

        return self._built("beforehand", _files(OURS), fill, authority)

    def function(self, name: str) -> Package:
        """The code of one function, `functions/<name>`. Raises MissingFunctionError."""
        source = ROOT / "functions" / name
        if not (source / "handler.py").is_file():
            raise MissingFunctionError((source / "handler.py").relative_to(ROOT))

        def fill(folder: Path) -> None:
            _copy(source, folder)
            self._compile(folder, IN_FUNCTION)

        return self._built(name, _files(source), fill)

    def _built(
        self, name: str, sources: Iterable[Path], fill: Callable[[Path], None], extra: bytes = b""
    ) -> Package:
        fingerprint = _fingerprint(self._target, sources, extra)
        place = self._kept / f"{name}-{fingerprint[:16]}"
        if not place.is_dir():
            self._kept.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._kept, prefix=f".{name}-") as temporary:
                building = Path(temporary) / name
                building.mkdir()
                fill(building)
                _put_in_place(building, place)
        return Package(path=place, fingerprint=fingerprint)

    def _compile(self, folder: Path, shown_as: str) -> None:
        if self._target.compiler is None:
            return
        quiet = ["-q", "-f", "--invalidation-mode", "unchecked-hash"]
        paths = ["-s", str(folder), "-p", shown_as, str(folder)]
        _run(
            [str(self._target.compiler), "-I", "-m", "compileall", *quiet, *paths],
            f"the byte code of {folder.name}",
        )


@cache
def find_python(version: str) -> Path | None:
    """A Python of that version on this machine, or None; tries this one, uv's, PATH's and pyenv's."""
    return next((found for found in _pythons(version) if _is(found, version)), None)


def _pythons(version: str) -> Iterable[Path]:
    yield Path(sys.executable)
    search = [find_uv_bin(), "--quiet", "python", "find", "--no-project", "--no-python-downloads", version]
    answer = subprocess.run(search, capture_output=True, text=True, check=False)
    yield Path(answer.stdout.strip() or os.devnull)
    yield Path(shutil.which(f"python{version}") or os.devnull)
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from sorted(pyenv.glob(f"versions/{version}*/bin/python{version}"))


def _is(python: Path, version: str) -> bool:
    if not os.access(python, os.X_OK):
        return False
    ask = [str(python), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == version


def _install(lock: Path, folder: Path, target: Target) -> None:
    options = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
    if target.platform:
        options += ["--python-platform", target.platform, "--python-version", target.version]
    command = [find_uv_bin(), "pip", "install", "--python", sys.executable, *options]
    _run([*command, "--target", str(folder), "--requirements", str(lock)], f"the layer {lock.parent.name}")


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


def _files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


def _fingerprint(target: Target, sources: Iterable[Path], extra: bytes) -> str:
    """Changes with whatever may change the package: the sources, the target, and how packages are built."""
    digest = hashlib.sha256(f"{target.version} {target.platform} {target.compiler is None}".encode())
    for source in [Path(__file__), Path(trim.__file__), *sources]:
        content = source.read_bytes()
        digest.update(f"{source.relative_to(ROOT)} {len(content)} ".encode() + content)
    digest.update(extra)
    return digest.hexdigest()


def _put_in_place(building: Path, place: Path) -> None:
    """Renames in one step; when another synthesis was first, its package is the same."""
    try:
        building.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def _run(command: list[str], what: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise PackageBuildError(what, done.stdout + done.stderr)
