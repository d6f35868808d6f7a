"""The signed webhook: real sockets, real TLS, and a server that counts."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from beforehand.adapters import pinned_post
from beforehand.adapters.pinned_post import NotSentError, Seconds, Target, UnsafeUrlError
from beforehand.errors import NotNowError
from beforehand.outreach.channels.available import available
from beforehand.outreach.channels.model import Answer, Evidence, Outbound, Outcome
from beforehand.outreach.channels.signing import InvalidSecretError, problem, secrets_of, sign
from beforehand.outreach.channels.webhook import SignedWebhook
from beforehand.outreach.channels.wiring import providers
from beforehand.outreach.model import Channel
from beforehand.settings.channels import ChannelSettings
from beforehand_cli.local.certificates import ServerCertificate, ensure_certificates
from tests.outreach.provider_server import Mode, ProviderServer

ID = UUID("0199b0d2-3f6e-7c11-9c2f-aa00bb11cc22")
NOW = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)
KEYS = [f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2)]
MESSAGE = Outbound(
    outreach_id=ID,
    attempt=3,
    customer_id="C100088",
    to="asha@customer.example",
    subject="आशा",
    text="Hello",
    unsubscribe_url="https://beforehand.example/u/abc",
    tags={"purpose": "follow_up"},
)


class Held:
    """A secret that is simply there, and counts how often it is read."""

    def __init__(self, *keys: str) -> None:
        self.text, self.reads = json.dumps(dict(zip(("current", "previous"), keys, strict=False))), 0

    def read(self) -> str:
        self.reads += 1
        return self.text


def to(provider: ProviderServer, secret: Any = None) -> SignedWebhook:
    return SignedWebhook(
        url=f"{provider.address}/webhook?of=us",
        hosts=frozenset(),
        loopback=True,
        secret=secret or Held(*KEYS),
        now=lambda: NOW,
        seconds=Seconds(connect=1, read=1, total=2),
    )


def test_a_message_is_posted_once_and_signed_with_each_live_secret(provider: ProviderServer) -> None:
    answer = to(provider).send(MESSAGE)
    assert answer == Answer(outcome=Outcome.ACCEPTED, because="the company's system took it", provider_id=str(ID))
    (call,) = provider.calls()
    headers, body = call["headers"], call["body"]
    assert headers["webhook-id"] == str(ID)
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    # Reckoned anew as the specification has it, not with our own code.
    signed = f"{ID}.{int(NOW.timestamp())}.{body}".encode()
    expected = [
        base64.b64encode(hmac.new(bytes([n]) * 32, signed, hashlib.sha256).digest()).decode() for n in (1, 2)
    ]
    assert headers["webhook-signature"] == " ".join(f"v1,{one}" for one in expected)
    assert json.loads(body) == {
        "type": "outreach.message",
        "timestamp": "2026-11-27T22:30:00+00:00",
        "data": {
            "outreach_id": str(ID),
            "attempt": 3,
            "customer_id": "C100088",
            "to": "asha@customer.example",
            "subject": "आशा",
            "text": "Hello",
            "html": None,
            "unsubscribe_url": "https://beforehand.example/u/abc",
            "tags": {"purpose": "follow_up"},
        },
    }


def test_the_same_outreach_is_taken_once_however_often_it_comes(provider: ProviderServer) -> None:
    provider.says(Mode.LOSES)
    once = replace(MESSAGE, outreach_id=uuid4())
    assert to(provider).send(once).outcome is Outcome.UNKNOWN
    provider.says(Mode.ACCEPTS)
    assert to(provider).send(replace(once, attempt=4)).outcome is Outcome.ACCEPTED
    assert [call["again"] for call in provider.calls()] == [False, True]
    assert len(provider.taken()) == 1


ANSWERS: dict[str, tuple[Outcome, str, int | None]] = {
    "201": (Outcome.ACCEPTED, "the company's system took it", None),
    "400": (Outcome.REFUSED, "webhook: the company's system answered 400", None),
    "409": (Outcome.REFUSED, "webhook: the company's system answered 409", None),
    "422": (Outcome.REFUSED, "webhook: the company's system answered 422", None),
    "401": (Outcome.NOT_NOW, "webhook: the company's system did not take the signature (401)", None),
    "404": (Outcome.NOT_NOW, "webhook: the company's system has nothing at this URL (404)", None),
    "408": (Outcome.UNKNOWN, "webhook: the company's system answered 408", None),
    "502": (Outcome.UNKNOWN, "webhook: the company's system answered 502", None),
    "503": (Outcome.UNKNOWN, "webhook: the company's system answered 503", None),
    Mode.GONE: (Outcome.REFUSED, "webhook: the company's system answered 410", None),
    Mode.THROTTLES: (Outcome.NOT_NOW, "webhook: the company's system is asked too often (429)", 7),
    Mode.UNAVAILABLE: (Outcome.NOT_NOW, "webhook: the company's system is not available (503)", 7),
    Mode.REDIRECTS: (
        Outcome.NOT_NOW,
        "webhook: the company's system answered 307; redirects are not followed",
        None,
    ),
    Mode.FAILS_AFTER: (Outcome.UNKNOWN, "webhook: the company's system answered 500", None),
    Mode.LOSES: (Outcome.UNKNOWN, "webhook: the answer was lost (ConnectionResetError)", None),
    Mode.RESETS: (Outcome.UNKNOWN, "webhook: the answer was lost (ConnectionResetError)", None),
    Mode.HANGS: (Outcome.UNKNOWN, "webhook: the answer was lost (TimeoutError)", None),
}


@pytest.mark.parametrize(("says", "outcome", "because", "wait"), [(m, *said) for m, said in ANSWERS.items()])
def test_each_answer_has_its_meaning_and_no_call_is_repeated(
    provider: ProviderServer, says: str, outcome: Outcome, because: str, wait: int | None
) -> None:
    provider.says(says)
    answer = to(provider).send(MESSAGE)
    assert (answer.outcome, answer.because, answer.wait_seconds) == (outcome, because, wait)
    assert len(provider.calls()) == 1


@contextmanager
def answering(reply: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then says what it likes, byte by byte; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connected, _ = listening.accept()
            with connected:
                connected.recv(65536)
                try:
                    reply(connected)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(10)


def sending(url: str, **given: Any) -> Answer:
    whole = {"hosts": frozenset(), "loopback": True, "secret": Held(KEYS[0]), "now": lambda: NOW, **given}
    return SignedWebhook(url=url, **whole).send(MESSAGE)


def test_an_answer_that_drips_is_lost_in_the_end() -> None:
    over = threading.Event()

    def drip(connected: socket.socket) -> None:
        while not over.wait(0.05):
            connected.sendall(b"H")

    with answering(drip) as url:
        answer = sending(url, seconds=Seconds(connect=1, read=1, total=0.5))
        over.set()
    assert answer.outcome is Outcome.UNKNOWN


def test_an_endless_answer_is_not_read() -> None:
    def flood(connected: socket.socket) -> None:
        connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        while True:
            connected.sendall(b"x" * 65536)

    with answering(flood) as url:
        assert sending(url).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "told",
    [
        b"SMTP hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_none_is_lost(told: bytes) -> None:
    with answering(lambda connected: connected.sendall(told)) as url:
        assert sending(url).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("0", 0),
        ("120", 120),
        ("999999", 86_400),
        ("Fri, 27 Nov 2026 22:31:00 GMT", 60),
        ("Fri, 27 Nov 2026 22:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_it_waits_as_long_as_it_is_asked_to_and_a_day_at_most(given: str, wait: int | None) -> None:
    told = f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {given}\r\n\r\n".encode()
    with answering(lambda connected: connected.sendall(told)) as url:
        assert sending(url).wait_seconds == wait


def test_what_was_not_reached_may_be_sent_later() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = sending(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert answer.outcome is Outcome.NOT_NOW
    assert answer.because == "webhook: it was not reached (ConnectionRefusedError); nothing was sent"


class Broken:
    def read(self) -> str:
        raise NotNowError("AccessDeniedException")


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"current": "short"}', '{"current": "whsec_%%%%"}'])
def test_a_secret_that_is_none_signs_nothing(provider: ProviderServer, text: str) -> None:
    secret = Held(KEYS[0])
    secret.text = text
    answer = to(provider, secret).send(MESSAGE)
    assert (answer.outcome, provider.calls()) == (Outcome.NOT_NOW, [])
    assert "base64 of 24 to 64 bytes" in answer.because
    with pytest.raises(InvalidSecretError):
        secrets_of(text)


def test_a_secret_that_cannot_be_read_signs_nothing(provider: ProviderServer) -> None:
    answer = to(provider, Broken()).send(MESSAGE)
    assert (answer.outcome, provider.calls()) == (Outcome.NOT_NOW, [])
    assert "could not be read (AccessDeniedException)" in answer.because


def test_the_secret_is_read_once_for_an_invocation(provider: ProviderServer) -> None:
    secret = Held(KEYS[0])
    sender = to(provider, secret)
    for _ in range(3):
        sender.send(MESSAGE)
    assert (secret.reads, len(provider.calls())) == (1, 3)


def test_a_receiver_takes_what_any_live_secret_proves() -> None:
    old, new = (secrets_of(json.dumps({"current": key})) for key in KEYS)
    headers = sign((*new, *old), webhook_id="a", at=NOW, body=b"{}")
    for knows in (old, new):
        assert problem(knows, headers, b"{}", now=NOW) is None
    assert problem(old, sign(new, webhook_id="a", at=NOW, body=b"{}"), b"{}", now=NOW) is not None


@pytest.mark.parametrize(
    ("changed", "body", "now", "wrong"),
    [
        ({}, b"{ }", NOW, "webhook-signature proves nothing"),
        ({"webhook-id": "b"}, b"{}", NOW, "webhook-signature proves nothing"),
        ({"webhook-signature": ""}, b"{}", NOW, "webhook-signature proves nothing"),
        ({"webhook-timestamp": "soon"}, b"{}", NOW, "webhook-id or webhook-timestamp is missing"),
        ({"webhook-timestamp": "9" * 400}, b"{}", NOW, "webhook-timestamp is too far from now"),
        ({"webhook-timestamp": "9" * 5000}, b"{}", NOW, "webhook-timestamp is too far from now"),
        ({}, b"{}", NOW + timedelta(minutes=6), "webhook-timestamp is too far from now"),
        ({}, b"{}", NOW - timedelta(minutes=6), "webhook-timestamp is too far from now"),
    ],
)
def test_a_receiver_refuses_what_was_changed_or_kept(
    changed: dict[str, str], body: bytes, now: datetime, wrong: str
) -> None:
    secrets = secrets_of(json.dumps({"current": KEYS[0]}))
    headers = {**sign(secrets, webhook_id="a", at=NOW, body=b"{}"), **changed}
    assert problem(secrets, headers, body, now=now) == wrong


HOSTS = frozenset({"hooks.company.example", "company.example"})


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.company.example", "hooks.company.example", 443, "/"),
        ("https://HOOKS.company.example/in?x=1&y=%20", "hooks.company.example", 443, "/in?x=1&y=%20"),
        ("https://company.example:8443/a", "company.example", 8443, "/a"),
    ],
)
def test_a_url_of_an_allowed_host_is_called(url: str, host: str, port: int, path: str) -> None:
    assert Target.of(url, hosts=HOSTS) == Target(host=host, port=port, path=path)


UNSAFE = [
    "",
    "https://",
    "https:///in",
    "http://hooks.company.example",
    "HTTP://hooks.company.example",
    "ftp://hooks.company.example",
    "file:///etc/passwd",
    "gopher://hooks.company.example",
    "//hooks.company.example",
    "hooks.company.example",
    "javascript:alert(1)",
    "https://other.example",
    "https://evil.hooks.company.example",
    "https://hooks.company.example.evil.example",
    "https://hooks.company.example.",
    "https://hooks_company.example",
    "https://company",
    "https://localhost",
    "https://metadata.google.internal",
    "https://127.0.0.1",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://0x7f.0x0.0x0.0x1",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2",
    "https://10.0.0.1",
    "https://192.168.0.1",
    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:a9fe:a9fe]",
    "https://[fe80::1]",
    "https://[fe80::1%25eth0]",
    "https://[fd00:ec2::254]",
    "https://[2002:7f00:1::]",
    "https://[64:ff9b::a9fe:a9fe]",
    "https://[::1",
    "https://user@hooks.company.example",
    "https://user:word@hooks.company.example",
    "https://hooks.company.example@evil.example",
    "https://hooks.company.example:443@evil.example",
    "https://evil.example\\@hooks.company.example",
    "https://hooks.company.example\\.evil.example",
    "https://hooks.company.example:0",
    "https://hooks.company.example:99999",
    "https://hooks.company.example:port",
    "https://hooks.company.example/#in",
    "https://hooks.company.example/#",
    "https://hooks.company.example/a b",
    "https://hooks.company.example/\r\nX: y",
    "https://hooks.company.example\t",
    " https://hooks.company.example",
    "https://hooks.company.example/\x00",
    "https://hооks.company.example",
    "https://①②⑦.⓪.⓪.①",
    "https://hooks。company。example",
    "https://" + "a" * 300 + ".example",
    "https://hooks.company.example/" + "a" * 2048,
]
PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:808:808::1",
    "2002:a00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
    "",
]


@pytest.mark.parametrize("url", UNSAFE, ids=range(len(UNSAFE)))
def test_no_other_url_is_called(url: str) -> None:
    with pytest.raises(UnsafeUrlError):
        Target.of(url, hosts=HOSTS)
    answer = sending(url, hosts=HOSTS, loopback=False, resolved_by=never)
    assert answer.outcome is Outcome.NOT_NOW
    assert answer.because.endswith("; nothing was sent")


def never(host: str, port: int) -> list[str]:
    pytest.fail(f"{host}:{port} was looked up")


@pytest.mark.parametrize("url", ["http://hooks.company.example", "https://127.0.0.1", "http://169.254.169.254"])
def test_with_the_sink_nothing_but_this_machine_is_called(url: str) -> None:
    with pytest.raises(UnsafeUrlError):
        Target.of(url, hosts=HOSTS, loopback=True)
    assert Target.of("http://localhost:4566/sink", loopback=True).port == 4566


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_not_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was called"))
    for addresses in ([address], ["93.184.215.14", address]):
        answer = sending(
            "https://hooks.company.example",
            hosts=HOSTS,
            loopback=False,
            resolved_by=lambda *_, found=addresses: found,
        )
        assert answer.outcome is Outcome.NOT_NOW
        assert "leads to an address that is not public" in answer.because


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "2400:cb00::1", "2a00:1450::1"])
def test_a_public_address_is_called_and_no_second_look_is_taken(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[str, int]] = []
    looked: list[str] = []

    def unreachable(where: tuple[str, int], **_: Any) -> socket.socket:
        called.append(where)
        raise ConnectionRefusedError

    def once(host: str, port: int) -> list[str]:
        looked.append(host)
        return [address] if len(looked) == 1 else ["169.254.169.254"]

    monkeypatch.setattr(socket, "create_connection", unreachable)
    sending("https://company.example:8443/", hosts=HOSTS, loopback=False, resolved_by=once)
    assert (looked, called) == (["company.example"], [(address, 8443)])


def test_another_checked_address_is_called_if_the_first_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def unreachable(where: tuple[str, int], **_: Any) -> socket.socket:
        called.append(where[0])
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    addresses = ["2606:4700::1", "93.184.215.14", "8.8.8.8", "1.1.1.1"]
    answer = sending("https://company.example", hosts=HOSTS, loopback=False, resolved_by=lambda *_: addresses)
    assert called == addresses[:3]
    assert answer.because == "webhook: it was not reached (OSError); nothing was sent"


def test_a_name_that_is_not_there_may_be_there_later() -> None:
    def gone(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    answer = sending("https://company.example", hosts=HOSTS, loopback=False, resolved_by=gone)
    assert answer.because == "webhook: its name was not resolved; nothing was sent"
    assert answer.outcome is Outcome.NOT_NOW


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    folder = tmp_path_factory.mktemp("tls")
    return ensure_certificates(
        folder, authority=folder / "authority.pem", as_of=datetime.now(UTC), names=("hooks.company.example",)
    )


@contextmanager
def over_tls(certificate: ServerCertificate, got: list[bytes]) -> Iterator[int]:
    """A server for hooks.company.example on this machine; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connected:
                    got.append(connected.recv(65536))
                    connected.sendall(b"HTTP/1.1 202 Accepted\r\n\r\n")
            except OSError:
                plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("host", "trusts", "taken"),
    [
        ("hooks.company.example", True, True),
        ("hooks.company.example", False, False),
        ("company.example", True, False),
    ],
)
def test_the_pinned_address_must_prove_to_be_the_host(
    certificate: ServerCertificate, monkeypatch: pytest.MonkeyPatch, host: str, trusts: bool, taken: bool
) -> None:
    monkeypatch.setattr(pinned_post, "is_public", lambda address: address == "127.0.0.1")
    context = ssl.create_default_context(cafile=str(certificate.authority) if trusts else None)
    got: list[bytes] = []
    with over_tls(certificate, got) as port:
        target = Target.of(f"https://{host}:{port}/in", hosts=HOSTS)
        try:
            reply = pinned_post.post(target, b"{}", {}, resolved_by=lambda *_: ["127.0.0.1"], context=context)
        except NotSentError as error:
            assert "SSLCertVerificationError" in str(error)
            assert (taken, got) == (False, [])
            return
    assert (taken, reply.status) == (True, 202)
    assert got[0].startswith(b"POST /in HTTP/1.1\r\nHost: hooks.company.example:")


def test_the_webhook_is_there_once_it_has_a_url_and_a_secret() -> None:
    url, secret = "https://hooks.company.example/in", "arn:aws:secretsmanager:ap-south-1:1:secret:s"
    assert available(ChannelSettings(webhook_url=url)) == frozenset()
    named = ChannelSettings(webhook_url=url, webhook_secret=secret)
    assert available(named) == {Channel.WEBHOOK} == providers(named).keys()
    assert providers(named)[Channel.WEBHOOK].evidence is Evidence.DEDUPS_BY_KEY
    assert named.allowed_hosts == {"hooks.company.example"}
    assert ChannelSettings(webhook_hosts="a.example, B.example").allowed_hosts == {"a.example", "b.example"}
