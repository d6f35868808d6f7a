"""Leaves out of a layer what no function ever reads: it is listed, searched and unzipped at each cold start.

botocore knows some 440 services and describes every operation of each; functions call a few operations of a few.
Keeping only those saves 50 to 90 ms of a cold start, 20 MB of package and 3 MB of memory. Babel knows 1,100
locales; keeping those of the languages that we write saves 30 MB. And what a package looks up about itself at each
start, its version, is written into it once: 2 to 3 ms for each package that asks.
"""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

OPERATIONS = {
    "bedrock-runtime": {"Converse"},
    "comprehend": {"DetectSentiment"},
    "dynamodb": {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "lambda": {"Invoke"},
    "pinpoint-sms-voice-v2": {"SendTextMessage"},
    # botocore itself asks for the bucket's region when S3 answers that it is elsewhere.
    "s3": {"GetObject", "HeadBucket", "PutObject"},
    "secretsmanager": {"GetSecretValue"},
    "sesv2": {"SendEmail"},
    "sqs": {"SendMessage"},
    "stepfunctions": {"StartExecution"},
}
"""What functions call through botocore, by AWS service; an error names the service or operation that is missing."""

PACKAGE = Path(__file__).parent.parent / "layers/beforehand/python/beforehand"
WRITTEN = (PACKAGE / "churn/messages", PACKAGE / "outreach/messages")
"""Where the files are of what is written to customers; each is named by its language."""

UNUSED = ("boto3", "s3transfer", "bin")
"""boto3 is on Lambda already and no function imports it; it would only bring a second botocore."""

INSTALLER_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json")


VERSION = re.compile(r'^(\w+) = version\("([\w.-]+)"\)$', re.MULTILINE)


class UnknownOperationError(Exception):
    """botocore knows no {operations} of {service}; correct OPERATIONS in infra/trim.py"""

    def __init__(self, service: str, operations: set[str]) -> None:
        super().__init__((self.__doc__ or "").format(service=service, operations=", ".join(sorted(operations))))


def languages() -> tuple[str, ...]:
    """The languages that messages are written in, each kept with all its territories and scripts.

    They are those of the files in `churn/messages` and `outreach/messages`, so that a file that is dropped there is
    all it takes.
    """
    return tuple(sorted({path.stem.split("-")[0] for folder in WRITTEN for path in folder.rglob("*.toml")}))


def layer(packages: Path) -> None:
    """Trims a folder that packages were installed into."""
    for name in UNUSED:
        shutil.rmtree(packages / name, ignore_errors=True)
        for notes in packages.glob(f"{name}-*.dist-info"):
            shutil.rmtree(notes)
    for name in INSTALLER_NOTES:
        for note in packages.glob(f"*.dist-info/{name}"):
            note.unlink()
    for tests in [*packages.glob("*/tests"), *packages.glob("*/test")]:
        shutil.rmtree(tests)
    (packages / ".lock").unlink(missing_ok=True)
    _versions(packages)
    if (packages / "botocore").is_dir():
        _botocore(packages / "botocore" / "data")
    if (packages / "babel").is_dir():
        _babel(packages / "babel" / "locale-data")


def _versions(packages: Path) -> None:
    """Writes the version that `importlib.metadata` would find into the modules that assign it when imported."""
    for module in packages.rglob("*.py"):
        source = module.read_text(encoding="utf-8")
        known = VERSION.sub(lambda found: f'{found[1]} = "{version(packages, found[2])}"', source)
        if known != source:
            module.write_text(known, encoding="utf-8")


def version(packages: Path, name: str) -> str:
    """The version of a package that was installed into the folder."""
    [installed] = metadata.distributions(path=[str(packages)], name=name)
    return installed.version


def _babel(locales: Path) -> None:
    # What a locale does not say itself, Babel takes from its parent: a shorter one of the same language, or root.
    kept = {"root", *languages()}
    for locale in locales.glob("*.dat"):
        if locale.stem.split("_")[0] not in kept:
            locale.unlink()


def _botocore(data: Path) -> None:
    for folder in [f for f in data.iterdir() if f.is_dir()]:
        if folder.name in OPERATIONS:
            _service(folder, OPERATIONS[folder.name])
        else:
            shutil.rmtree(folder)
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {k: v for k, v in partition["services"].items() if k in OPERATIONS}
    _rewrite(data / "endpoints.json", endpoints)


def _service(folder: Path, called: set[str]) -> None:
    # A release of a service's interface that is not the newest is for those who ask for it by its date.
    *older, newest = sorted(folder.iterdir())
    for release in older:
        shutil.rmtree(release)
    for model in list(newest.glob("*.gz")):
        _rewrite(model.with_suffix(""), _undocumented(json.loads(gzip.decompress(model.read_bytes()))))
        model.unlink()
    for kind in ("examples-1*", "paginators-1*", "waiters-2*"):
        for unread in newest.glob(kind):
            unread.unlink()
    model = newest / "service-2.json"
    _rewrite(model, _narrowed(json.loads(model.read_bytes()), called))


def _narrowed(model: dict[str, Any], called: set[str]) -> dict[str, Any]:
    """The model with these operations, and the shapes that they are made of."""
    operations = {name: operation for name, operation in model["operations"].items() if name in called}
    missing = called - operations.keys()
    if missing:
        raise UnknownOperationError(model["metadata"]["serviceId"], missing)
    needed: set[str] = set()
    waiting = list(_shapes_in(operations))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += _shapes_in(model["shapes"][name])
    return {**model, "operations": operations, "shapes": {n: s for n, s in model["shapes"].items() if n in needed}}


def _shapes_in(part: Any) -> Iterator[str]:
    """The names of the shapes that a part of a model refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for inner in part.values():
            yield from _shapes_in(inner)
    if isinstance(part, list):
        for inner in part:
            yield from _shapes_in(inner)


def _undocumented(model: Any) -> Any:
    """The model with its documentation emptied, not removed: botocore takes the key for granted in places."""
    if isinstance(model, dict):
        return {
            k: "" if k == "documentation" and isinstance(v, str) else _undocumented(v) for k, v in model.items()
        }
    return [_undocumented(v) for v in model] if isinstance(model, list) else model


def _rewrite(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
