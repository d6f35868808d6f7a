"""Runs for every request to the API."""

from beforehand.api.wiring import serve

handler = serve()
