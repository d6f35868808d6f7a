"""Lambda: Python functions run under AWS's own runtime client, in a bounded number of environments.

The emulator runs them under a script of its own, which loses the type of every error and throws the environment
away after each. Here `awslambdaric`, the client inside AWS's managed runtimes, talks to the emulator's Runtime API:
`errorType` is the exception's class, environments stay warm, layers are on the path in AWS's order.
The interpreter is the project's own, whatever `Runtime` says.
"""

import hashlib
import io
import os
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from beforehand_cli.local.settings import EmulatorSettings

Config = dict[str, Any]
_PYTHON_VARIABLE = "BEFOREHAND_LAMBDA_PYTHON"
_BOOTSTRAP = f'#!/bin/sh\nexec "${_PYTHON_VARIABLE}" -m awslambdaric "$_HANDLER"\n'
# A call waits this long for one of the environments. Then it runs all the same: its caller may hold one of them,
# so waiting for ever could be waiting for itself.
_WAIT_SECONDS = 20
_ENVIRONMENTS = 4 * (os.cpu_count() or 2)


def apply(settings: EmulatorSettings) -> None:
    """Send Python functions to the Runtime API, with their layers, a bound, and no delayed answers."""
    layers = Layers(settings.scratch / "layers")
    _add_bootstrap()
    _set_environment(settings, layers)
    _choose_runtime_api()
    _bound_environments()
    _answer_without_delay()
    _keep_type_of_init_error()


def is_python(config: Config) -> bool:
    """Whether the function is one of ours to run."""
    return str(config.get("Runtime", "")).startswith("python")


class Layers:
    """Layer contents on disk, each extracted once under the hash of its zip."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def directory(self, content: bytes) -> Path:
        """Where the layer's files are.

        Raises:
            ValueError: the zip has a member that would land outside its directory.
        """
        target = self._root / hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            if not target.is_dir():
                partial = target.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    for name in archive.namelist():
                        if not (partial / name).resolve().is_relative_to(partial.resolve()):
                            raise ValueError(f"layer member {name} leaves its directory")
                    archive.extractall(partial)
                partial.rename(target)
        return target

    def python_path(self, config: Config) -> list[str]:
        """What the function's layers add to `sys.path`, in their order."""
        path = []
        for reference in config.get("Layers") or []:
            content = lambda_svc._resolve_layer_zip(reference)
            if content:
                python = self.directory(content) / "python"
                site = python / "lib" / config["Runtime"] / "site-packages"
                path += [str(directory) for directory in (python, site) if directory.is_dir()]
        return path


def _add_bootstrap() -> None:
    """Give the extracted code the executable `bootstrap` that starts a custom runtime.

    Written under the lock that also covers every fork: a child must not inherit the file open for writing, or its
    exec fails with "text file busy".
    """
    extract = lambda_svc._provided_runtime_code_dir

    def with_bootstrap(code: bytes) -> str:
        directory = str(extract(code))
        bootstrap = Path(directory) / "bootstrap"
        with lambda_svc._provided_code_lock:
            if not bootstrap.exists():
                partial = bootstrap.with_suffix(".partial")
                partial.write_text(_BOOTSTRAP, encoding="utf-8")
                partial.chmod(0o755)
                partial.rename(bootstrap)
        return directory

    lambda_svc._provided_runtime_code_dir = with_bootstrap


def _set_environment(settings: EmulatorSettings, layers: Layers) -> None:
    """Let a worker see what a Lambda environment has, and nothing of the emulator's own settings."""
    build = lambda_svc._provided_worker_env
    own = settings.to_env().keys() - {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"}

    def environment(config: Config, code_directory: str, port: int) -> dict[str, str]:
        built: dict[str, str] = build(config, code_directory, port)
        if not is_python(config):
            return built
        declared = (config.get("Environment") or {}).get("Variables") or {}
        hidden = {name for name in own if name not in declared and not name.startswith("AWS_")}
        kept = {name: value for name, value in built.items() if name not in hidden}
        log_group = (config.get("LoggingConfig") or {}).get("LogGroup")
        return {
            **kept,
            _PYTHON_VARIABLE: sys.executable,
            "PYTHONPATH": os.pathsep.join([code_directory, *layers.python_path(config)]),
            "PYTHONUNBUFFERED": "1",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group or f"/aws/lambda/{config['FunctionName']}",
            "AWS_ENDPOINT_URL": settings.endpoint(),
            "TZ": ":UTC",
        }

    lambda_svc._provided_worker_env = environment


def _choose_runtime_api() -> None:
    choose, execute = lambda_runtime._worker_class_for, lambda_svc._execute_function_warm

    def worker_class(config: Config) -> Any:
        return lambda_runtime.ProvidedWorker if is_python(config) else choose(config)

    def execute_warm(function: Config, event: Any, request_id: str) -> Any:
        config = function.get("config") or function
        if is_python(config):
            return lambda_svc._execute_function_provided_warm(function, event, request_id)
        return execute(function, event, request_id)

    lambda_runtime._worker_class_for = worker_class
    lambda_svc._execute_function_warm = execute_warm


def _bound_environments() -> None:
    """Let calls queue for an environment, as on AWS they queue on init, instead of starting hundreds at once."""
    slots = threading.BoundedSemaphore(_ENVIRONMENTS)
    execute = lambda_svc._execute_function_provided_warm

    def execute_bounded(function: Config, event: Any, request_id: str) -> Any:
        got = slots.acquire(timeout=_WAIT_SECONDS)
        try:
            return execute(function, event, request_id)
        finally:
            if got:
                slots.release()

    lambda_svc._execute_function_provided_warm = execute_bounded


def _answer_without_delay() -> None:
    """Send answers of the Runtime API at once (a stall of 40 ms otherwise) and wait less for trailing log lines."""
    build = lambda_runtime.ProvidedWorker._build_handler_class
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def build_without_nagle(self: Any, *arguments: Any) -> Any:
        handler = build(self, *arguments)
        handler.disable_nagle_algorithm = True
        return handler

    def drain_quickly(
        self: Any, first_line_wait: float = 0.004, idle_confirm: float = 0.003, hard_cap: float = 0.25
    ) -> Any:
        return drain(self, first_line_wait, idle_confirm, hard_cap)

    lambda_runtime.ProvidedWorker._build_handler_class = build_without_nagle
    lambda_runtime.Worker._drain_stderr_bounded = drain_quickly


def _keep_type_of_init_error() -> None:
    """A module that cannot be imported is `Runtime.ImportModuleError`, as the runtime client reported it."""
    wait = lambda_runtime.ProvidedWorker._await_init

    def wait_for_init(self: Any, init_timeout: float | None = None) -> None:
        try:
            wait(self, init_timeout)
        except RuntimeError as error:
            reported = self._init_error
            if not isinstance(reported, dict):
                raise
            raise lambda_runtime.ProvidedRuntimeError(
                reported.get("errorMessage", ""), reported.get("errorType", "Runtime.Unknown")
            ) from error

    lambda_runtime.ProvidedWorker._await_init = wait_for_init
