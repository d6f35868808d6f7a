"""Files survive a bad moment of S3, and one that was cut off is never taken for the whole."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3
from pydantic import BaseModel

from beforehand.adapters import s3
from beforehand.adapters.s3 import FileRefusedError, S3Files
from beforehand.errors import NotFoundError


class Note(BaseModel):
    text: str


@dataclass
class Storage:
    """What S3 answers, one after the other, and what it was asked."""

    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    cut_off: bool = False


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    seen = Storage()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.asked.append((self.command, self.path, body))
            status, content = seen.answers.pop(0)
            self.send_response(status)
            self.send_header("content-length", str(len(content) + (5 if seen.cut_off else 0)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = seen.cut_off

        do_GET = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}/")
    for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    s3.connections.cache_clear()
    monkeypatch.setattr(s3, "TRIES", s3.TRIES.new(backoff_factor=0, backoff_jitter=0))
    yield seen
    s3.connections().clear()
    server.shutdown()
    server.server_close()
    thread.join()


def test_writes_and_reads_a_document(storage: Storage) -> None:
    storage.answers = [(200, b""), (200, b'{"text":"hello"}')]
    S3Files("files").write("runs/1/ä b.json", Note(text="hello"))
    assert S3Files("files").read("runs/1/ä b.json", Note) == Note(text="hello")
    assert storage.asked == [
        ("PUT", "/files/runs/1/%C3%A4%20b.json", b'{"text":"hello"}'),
        ("GET", "/files/runs/1/%C3%A4%20b.json", b""),
    ]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_tries_again_when_s3_is_busy(storage: Storage, status: int) -> None:
    storage.answers = [(status, b"<Code>SlowDown</Code>")] * 3 + [(200, b"")]
    S3Files("files").write("a", Note(text="again"))
    assert [body for _, _, body in storage.asked] == [b'{"text":"again"}'] * 4


def test_gives_up_after_four_tries_and_says_what_s3_said(storage: Storage) -> None:
    storage.answers = [(503, b"<Error><Code>SlowDown</Code></Error>")] * 9
    with pytest.raises(FileRefusedError, match="did not carry out PUT of a: 503 SlowDown"):
        S3Files("files").write("a", Note(text="again"))
    assert len(storage.asked) == 4


def test_a_refusal_is_not_tried_again(storage: Storage) -> None:
    storage.answers = [(403, b"<Error><Code>AccessDenied</Code></Error>")] * 2
    with pytest.raises(FileRefusedError, match="GET of a: 403 AccessDenied"):
        S3Files("files").find("a", Note)
    assert len(storage.asked) == 1


def test_tells_a_missing_file_from_a_missing_bucket(storage: Storage) -> None:
    storage.answers = [(404, b"<Code>NoSuchKey</Code>")] * 2 + [(404, b"<Code>NoSuchBucket</Code>")]
    assert S3Files("files").find("a", Note) is None
    with pytest.raises(NotFoundError, match="There is no file a in the bucket files"):
        list(S3Files("files").lines("a"))
    with pytest.raises(FileRefusedError, match="404 NoSuchBucket"):
        S3Files("files").find("a", Note)


def test_follows_no_redirection(storage: Storage) -> None:
    storage.answers = [(307, b"<Code>TemporaryRedirect</Code>")]
    with pytest.raises(FileRefusedError, match="307 TemporaryRedirect"):
        S3Files("files").read("a", Note)


def test_streams_lines_with_their_ends(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PIECE_BYTES", 5)
    content = '\ufeffid,name\r\n1,"Ann\nLee"\r\n2,Jörg'
    storage.answers = [(200, content.encode())]
    assert list(S3Files("files").lines("a")) == ["id,name\r\n", '1,"Ann\n', 'Lee"\r\n', "2,Jörg"]


def test_an_empty_file_has_no_lines(storage: Storage) -> None:
    storage.answers = [(200, b"")]
    assert list(S3Files("files").lines("a")) == []


def test_a_document_that_was_cut_off_is_read_again(storage: Storage) -> None:
    storage.cut_off = True
    storage.answers = [(200, b'{"text":"he')] * 9
    with pytest.raises(urllib3.exceptions.HTTPError):
        S3Files("files").read("a", Note)
    assert len(storage.asked) == 4


def test_lines_that_were_cut_off_are_never_taken_for_the_whole(storage: Storage) -> None:
    storage.cut_off = True
    storage.answers = [(200, b"id\n1\n2\n")]
    with pytest.raises(urllib3.exceptions.ProtocolError):
        list(S3Files("files").lines("a"))


@pytest.mark.parametrize(
    ("region", "endpoint", "address"),
    [
        ("eu-central-1", None, "https://files.s3.eu-central-1.amazonaws.com/a%20b/c"),
        ("cn-north-1", None, "https://files.s3.cn-north-1.amazonaws.com.cn/a%20b/c"),
        ("eu-central-1", "http://127.0.0.1:4566/", "http://127.0.0.1:4566/files/a%20b/c"),
    ],
)
def test_finds_the_bucket(monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str | None, address: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    assert s3._address("files", "a b/c", region) == address
