"""The application that `cdk` runs: three stacks of one stage."""

import json
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.api import Api
from infra.certificates import authority
from infra.foundation import Foundation
from infra.packages import LAMBDA_PYTHON, ROOT, Packages, Target
from infra.stage import Stage
from infra.tasks import Tasks

KEPT = ROOT / ".beforehand" / "packages"


def build_app(*, outdir: Path | None = None, **given: Any) -> cdk.App:
    """The stacks of the stage that the context names; `given` is context of one's own, as `-c` gives it."""
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(context={**context, **given}, outdir=str(outdir) if outdir else None, analytics_reporting=False)
    stage = _stage(app)
    target = Target.host() if stage.on_host else Target.aws()
    if target.compiler is None:
        sys.stderr.write(
            f"WARNING: there is no Python {LAMBDA_PYTHON} on this machine, so the packages go without byte code"
            " and every cold start takes about 450 ms longer. Install it (`uv python install 3.13`).\n"
        )
    if stage.nag:
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    foundation = Foundation(app, stage)
    packages = Packages(target, kept=KEPT)
    trusted = authority(stage)
    tasks = Tasks(app, stage, foundation=foundation, packages=packages, authority=trusted)
    # The tables are brought up to date over there.
    Api(app, stage, foundation=foundation, packages=packages, authority=trusted).add_stack_dependency(tasks)
    cdk.Tags.of(app).add("beforehand:stage", stage.name)
    return app


def _stage(app: cdk.App) -> Stage:
    """The stage and its numbers, each of which `-c <number>=<value>` replaces."""
    name = app.node.try_get_context("stage") or "dev"
    names = [n for number in Stage.model_fields if number != "name" for n in (number.upper(), number)]
    numbers = {n: app.node.try_get_context(n) for n in names}
    stages = app.node.get_context("stages")
    return Stage.choose(name, stages, {n: value for n, value in numbers.items() if value is not None})


if __name__ == "__main__":
    build_app().synth()
