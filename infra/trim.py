"""Leaves out of a layer what no function ever reads: it is listed, searched and unzipped at each cold start.

botocore knows some 440 services and describes each with its documentation; a function uses a few. Keeping only
those saves 50 to 90 ms of a cold start and 20 MB.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

SERVICES = ("dynamodb", "lambda", "s3", "secretsmanager", "sns")
"""The AWS services that functions call; a function that calls another fails with UnknownServiceError."""

UNUSED = ("boto3", "s3transfer", "bin")
"""boto3 is on Lambda already and no function imports it; it would only bring a second botocore."""

INSTALLER_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json")


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
    if (packages / "botocore").is_dir():
        _botocore(packages / "botocore" / "data")


def _botocore(data: Path) -> None:
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for model in list(data.glob("*/*/*.gz")):
        _rewrite(model.with_suffix(""), _undocumented(json.loads(gzip.decompress(model.read_bytes()))))
        model.unlink()
    for examples in data.glob("*/*/examples-1.json"):
        examples.unlink()
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {k: v for k, v in partition["services"].items() if k in SERVICES}
    _rewrite(data / "endpoints.json", endpoints)


def _undocumented(model: Any) -> Any:
    """The model with its documentation emptied, not removed: botocore takes the key for granted in places."""
    if isinstance(model, dict):
        return {
            k: "" if k == "documentation" and isinstance(v, str) else _undocumented(v) for k, v in model.items()
        }
    return [_undocumented(v) for v in model] if isinstance(model, list) else model


def _rewrite(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
