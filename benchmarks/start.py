# mypy: ignore-errors
# ruff: noqa: E402
"""Starts one function as Lambda does, in a process that does nothing else, and prints what it took as JSON.

python -I -S -B start.py <folder>:<folder>… <service>,<service>…

Before the start is measured, it imports only what the interpreter itself has loaded already, and so no types.
"""

import _frozen_importlib_external as loaders
import sys
import time

services = [service for service in sys.argv[2].split(",") if service]
sys.path[:0] = sys.argv[1].split(":")

compiled = []
compile_source = loaders.SourceLoader.source_to_code


def count(loader, data, path, **options):  # noqa: ANN001, ANN003, ANN201
    """Compiles a module, as Python does when it does not accept the module's byte code, and notes it."""
    compiled.append(path)
    return compile_source(loader, data, path, **options)


loaders.SourceLoader.source_to_code = count
begun = time.perf_counter()
import handler  # noqa: F401

initialised = time.perf_counter()
modules = len(sys.modules)

import json
import os
import resource

connecting = time.perf_counter()
for service in services:
    from beforehand.adapters.aws import client

    client(service)
connected = time.perf_counter()


def resident_megabytes() -> float:
    """What this process holds; where there is no /proc, the most that it ever held."""
    if not os.path.exists("/proc/self/statm"):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


figures = {
    "init": (initialised - begun) * 1000,
    "ready": (initialised - begun + connected - connecting) * 1000,
    "megabytes": resident_megabytes(),
    "modules": modules,
    "compiled": len(compiled),
}
print(json.dumps(figures))
