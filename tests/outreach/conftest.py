"""A provider that counts its calls, and AWS clients that know only it."""

from collections.abc import Iterator

import pytest

from beforehand.adapters import aws
from tests.outreach.provider_server import Mode, ProviderServer, running


@pytest.fixture(scope="session")
def provider_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderServer]:
    with running(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def provider(provider_process: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    """A provider that accepts, nothing asked of it yet; SES and SMS of AWS are at its address."""
    aws_at(provider_process.address, monkeypatch)
    provider_process.says(Mode.ACCEPTS)
    for name in ("calls.jsonl", "accepted.jsonl"):
        (provider_process.folder / name).unlink(missing_ok=True)
    yield provider_process
    forget_clients()


def aws_at(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("SESV2", "PINPOINT_SMS_VOICE_V2"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", address)
    for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "ap-south-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    forget_clients()


def forget_clients() -> None:
    aws.client.cache_clear()
    aws._session.cache_clear()
