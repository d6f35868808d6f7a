"""The emulator's own process: MiniStack with its gaps closed.

Runs as `python -m beforehand_cli.local.emulator_process '<EmulatorSettings as JSON>'`, with `to_env()` of the same
settings in its environment, since MiniStack reads most of it while it is imported.
"""

import asyncio
import importlib.metadata
import logging
import resource
import signal
import sys
from typing import cast

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import Framework
from ministack import app
from ministack.core import lambda_runtime as workers
from ministack.core import persistence

from beforehand_cli.local.errors import LocalError
from beforehand_cli.local.gaps import (
    alarms,
    cloudformation,
    lambda_runtime,
    rds,
    scheduler,
    ses_events,
    sms,
    sns_email,
    step_functions,
    webhook_sink,
)
from beforehand_cli.local.mailbox import Mailbox
from beforehand_cli.local.settings import ADDRESS, EmulatorSettings
from beforehand_cli.local.sink import Sink

PINNED = "1.5.33"
_GRACE_SECONDS = 2.0


class WrongEmulatorError(LocalError):
    """MiniStack {found} is installed, but the gaps were closed for {pinned}; install that one."""


def main() -> None:
    """Check the version, close the gaps, serve until SIGTERM, then write the state down."""
    found = importlib.metadata.version("ministack")
    if found != PINNED:
        raise WrongEmulatorError(found=found, pinned=PINNED)
    settings = EmulatorSettings.model_validate_json(sys.argv[1])
    close_gaps(settings)
    asyncio.run(_serve(settings))
    workers.reset()


def close_gaps(settings: EmulatorSettings) -> None:
    """Apply every gap's patch."""
    lambda_runtime.apply(settings)
    cloudformation.apply()
    alarms.apply()
    rds.apply(settings)
    scheduler.apply(settings)
    sns_email.apply()
    ses_events.apply()
    sms.apply()
    step_functions.apply()


async def _serve(settings: EmulatorSettings) -> None:
    """MiniStack's own `main` ends by raising out of a signal handler; this one lets requests end first."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    config = Config()
    config.bind = [f"{ADDRESS}:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE_SECONDS
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGUSR1, _save)
    sink = Sink(app.app, signing=webhook_sink.signing_secrets, keep=webhook_sink.keep)
    served = cast(Framework, Mailbox(sink, sns_email.captured_mail))
    await serve(served, config, shutdown_trigger=stopping.wait)


def _save() -> None:
    """Write the state down, as at the end, without ending."""
    persistence.save_all(app._build_persistence_save_dict())


if __name__ == "__main__":
    main()
