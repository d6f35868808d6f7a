"""One call to an AWS service that sends to a person, and what its answer means for the attempt.

A definite no is told from a lost answer by where the call ended. Before a connection stood, nothing was sent. After
the request left, only an HTTP answer below 500 says that the service did not take it; silence, a broken connection,
5xx and what cannot be read say nothing, and the attempt is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from beforehand.outreach.channels.model import Answer, Outcome

REQUEST_TIMEOUT = 408


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What one error of a service means. Its own text is left out: it may quote an address."""

    outcome: Outcome
    because: str
    name: str | None = None


def not_now(because: str) -> Rule:
    """A no of the account or of the moment: every message would meet it, and it may pass."""
    return Rule(outcome=Outcome.NOT_NOW, because=because)


def refused(because: str, *, name: str | None = None) -> Rule:
    """A no to this message: another attempt would meet it as well."""
    return Rule(outcome=Outcome.REFUSED, because=because, name=name)


Rules = Callable[[str, Mapping[str, Any]], Rule | None]
"""A service's own errors, by name and answer; None: not one of its own."""

COMMON = {
    "AccessDenied": "the function may not send (its role lacks the right)",
    "AccessDeniedException": "the function may not send (its role lacks the right)",
    "ExpiredToken": "the function's credentials have expired",
    "ExpiredTokenException": "the function's credentials have expired",
    "IncompleteSignature": "the request's signature was not taken",
    "InvalidClientTokenId": "the function's credentials are not known",
    "InvalidSignatureException": "the request's signature was not taken",
    "LimitExceededException": "a limit of the account is reached",
    "NotAuthorized": "the function may not send (its role lacks the right)",
    "OptInRequired": "the account has not opted in to the service",
    "RequestExpired": "the function's clock is wrong",
    "SignatureDoesNotMatch": "the request's signature was not taken",
    "Throttling": "it is asked too often",
    "ThrottlingException": "it is asked too often",
    "TooManyRequestsException": "it is asked too often",
    "UnrecognizedClientException": "the function's credentials are not known",
}
"""Errors that every service gives; all are about the account or the moment."""

_NOT_CONNECTED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, NoRegionError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """How long to wait for a service, in seconds."""

    connect: float = 3
    read: float = 10
    """For the answer; a function that sends ends a row's work well before its lease."""


class Caller:
    """Calls one service, once for each message, and never by itself again.

    `open` gives a client that makes one attempt. A caller lives for one invocation: connections of an earlier one
    are closed at its first call, since the other side may have dropped them while the function slept, and a request
    into such a connection would end unknown.
    """

    def __init__(self, open: Callable[[], Any], *, shown: str, rules: Rules) -> None:
        self._open, self._shown, self._rules = open, shown, rules
        self._fresh = False

    def call(self, send: Callable[[Any], Any]) -> Answer:
        """What one call by `send` says; the `MessageId` in it is the provider's name for the message."""
        try:
            taken = send(self.client())
        except ClientError as error:
            return self._of_answer(error.response)
        except (BotoCoreError, ResponseParserError, ValueError) as error:
            return self.answer(of_failure(error))
        provider_id = taken.get("MessageId") if isinstance(taken, Mapping) else None
        if not provider_id:
            return self.answer(_unknown("its answer names no message"))
        return Answer(outcome=Outcome.ACCEPTED, because=f"{self._shown} took it", provider_id=provider_id)

    def client(self) -> Any:
        """The client, without connections that an earlier invocation left."""
        opened = self._open()
        if not self._fresh:
            opened.close()
            self._fresh = True
        return opened

    def _of_answer(self, response: Mapping[str, Any]) -> Answer:
        error, about = response.get("Error", {}), response.get("ResponseMetadata", {})
        status, code = int(about.get("HTTPStatusCode", 0)), str(error.get("Code", ""))
        if not 400 <= status < 500 or status == REQUEST_TIMEOUT:
            return self.answer(_unknown(f"it answered {status or 'without a status'}"))
        rule = self._rules(code, response)
        if rule is None and code in COMMON:
            rule = not_now(COMMON[code])
        if rule is None and status == 429:
            rule = not_now(COMMON["Throttling"])
        if rule is None:
            rule = refused(f"it answered {status}{f' ({code})' if code.isalnum() else ''}")
        return self.answer(rule)

    def answer(self, rule: Rule) -> Answer:
        """What a rule says, in this service's name."""
        return Answer(outcome=rule.outcome, because=f"{self._shown}: {rule.because}", rule=rule.name)


def of_failure(error: Exception) -> Rule:
    """What a call that ended without an answer means."""
    if isinstance(error, _NOT_CONNECTED):
        return not_now(f"it was not reached, nothing was sent ({type(error).__name__})")
    if isinstance(error, SSLError) and _certificate(error):
        return not_now("its certificate was not trusted, nothing was sent")
    if isinstance(error, _NO_CREDENTIALS):
        return not_now(f"the function has no credentials or no region ({type(error).__name__})")
    if isinstance(error, ParamValidationError):
        return refused("the message is not one that the service takes; nothing was sent")
    return _unknown(f"the answer was lost ({type(error).__name__})")


def _certificate(error: BaseException) -> bool:
    """The handshake failed on the certificate, so no request left."""
    seen: set[int] = set()
    left: list[Any] = [error, getattr(error, "kwargs", {}).get("error")]
    while left:
        one = left.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, SSLCertVerificationError):
            return True
        left += [one.__cause__, one.__context__, *one.args]
    return False


def _unknown(because: str) -> Rule:
    return Rule(outcome=Outcome.UNKNOWN, because=because)
