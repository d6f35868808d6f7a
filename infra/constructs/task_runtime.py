"""What the functions of a stage share: their layers, where their code is built, and the stage's numbers."""

import platform

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.packages import Package, Packages
from infra.stage import Stage

PYTHON = lambda_.Runtime.PYTHON_3_13


class TaskRuntime(Construct):
    """Layers are made once and taken by name; a function's code is built when it is asked for."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage, packages: Packages, authority: bytes) -> None:
        super().__init__(scope, id)
        self.stage = stage
        self.architecture = _host() if stage.on_host else lambda_.Architecture.ARM_64
        self._packages = packages
        self._layers: dict[str, lambda_.LayerVersion] = {}
        self._layer("beforehand", packages.ours(authority), "Our own code")
        self._layer("runtime", packages.requirements("runtime"), "What our code is built on")

    def layers(self, *others: str) -> list[lambda_.ILayerVersion]:
        """The layers of every function, and the others that one takes besides, by their folder's name."""
        for name in others:
            if name not in self._layers:
                self._layer(name, self._packages.requirements(name), f"Requirements of {name}")
        return [self._layers[name] for name in ("beforehand", "runtime", *others)]

    def code(self, function: str) -> lambda_.Code:
        """The code of one function."""
        return _code(self._packages.function(function))

    def _layer(self, name: str, package: Package, description: str) -> None:
        self._layers[name] = lambda_.LayerVersion(
            self,
            name.capitalize(),
            layer_version_name=self.stage.named(name),
            description=description,
            code=_code(package),
            compatible_runtimes=[PYTHON],
            compatible_architectures=[self.architecture],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


def _code(package: Package) -> lambda_.Code:
    """By the fingerprint of its sources: the same sources are never uploaded twice, whoever built them."""
    return lambda_.Code.from_asset(
        str(package.path), asset_hash=package.fingerprint, asset_hash_type=cdk.AssetHashType.CUSTOM
    )


def _host() -> lambda_.Architecture:
    graviton = platform.machine() in ("arm64", "aarch64")
    return lambda_.Architecture.ARM_64 if graviton else lambda_.Architecture.X86_64
