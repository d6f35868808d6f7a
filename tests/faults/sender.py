"""The sender of e-mail as it is, against a provider in a process of its own."""

from collections import Counter
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from beforehand.adapters import aws as clients
from beforehand.outreach.channels.aws_calls import Waits
from beforehand.outreach.channels.email import SesEmail
from beforehand.outreach.channels.model import Answer, Evidence, Outbound
from beforehand.outreach.model import Channel
from tests.faults.points import Point, Reach, go_on

LITTLE = 0.3
"""How many seconds the sender waits for an answer that is known never to come."""


class Ses:
    """The sender of e-mail as it is, against a provider of ours.

    To those in `deaf` no connection stands, so often; for an answer to those in `waits_little` it does not wait.

    Its clients are the product's own, each made while the environment says where the provider is.
    """

    channel = Channel.EMAIL
    evidence = Evidence.BLIND
    _made = count(1)

    def __init__(self, address: str, *, patience: float = 10) -> None:
        self.deaf = Counter[UUID]()
        self.waits_little = set[UUID]()
        self.reach: Reach = go_on
        self._heard, self._impatient = self._at(address, patience), self._at(address, LITTLE)
        self._deaf = self._at("http://127.0.0.1:9", LITTLE)

    def send(self, message: Outbound) -> Answer:
        if self.deaf[message.outreach_id] > 0:
            self.deaf[message.outreach_id] -= 1
            return self._send(self._deaf, message)
        return self._send(self._impatient if message.outreach_id in self.waits_little else self._heard, message)

    def _at(self, address: str, seconds_for_answer: float) -> Waits:
        waits = Waits(connect=3, read=seconds_for_answer + next(self._made) / 1_000)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_SESV2", address)
            _client(waits)
        return waits

    def _send(self, waits: Waits, message: Outbound) -> Answer:
        email = SesEmail(sender="care@example.com", waits=waits)
        session = _client(waits)._endpoint.http_session
        send = session.send

        def reaching(request: Any) -> Any:
            try:
                return send(request)
            finally:
                self.reach(Point.IN_CALL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "send", reaching)
            return email.send(message)


def _client(waits: Waits) -> Any:
    return clients.client("sesv2", attempts=1, connect_seconds=waits.connect, read_seconds=waits.read)
