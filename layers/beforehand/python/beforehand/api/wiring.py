"""Puts `api_serve` together, from the routes that it is given."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from beforehand.adapters.postgres import Transaction, database
from beforehand.api import me
from beforehand.api.openapi import describe
from beforehand.api.routes import Route, table
from beforehand.api.serving import Api
from beforehand.clock import now
from beforehand.outbox.wiring import hand_over
from beforehand.settings import from_environment
from beforehand.settings.api import ApiServeSettings


def serve(*groups: Iterable[Route]) -> Api:
    """The handler of these routes and the base's own. Raises UnlistedRouteError."""

    def document() -> dict[str, Any]:
        return describe(routes.values())

    routes = table(me.routes(document), *groups)
    return Api(routes, settings=_settings, begin=_begin, hand_over=_hand_over, now=now)


def _settings() -> ApiServeSettings:
    settings: ApiServeSettings = from_environment(ApiServeSettings)
    return settings


def _begin() -> AbstractContextManager[Transaction]:
    return database(ApiServeSettings).transaction()


def _hand_over() -> object:
    return hand_over(database(ApiServeSettings), _settings().commands_table)
