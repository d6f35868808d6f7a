"""Files in S3: how functions hand facts to each other, so that only ids travel through state machines.

Source: Amazon S3 API Reference, GetObject and PutObject. Requests are sent by urllib3, which tries again, keeps
connections and refuses a body that was cut off; botocore over it would double the start of these functions.
"""

import io
import os
import re
from collections.abc import Iterator
from functools import cache
from typing import TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel
from urllib3 import BaseHTTPResponse, HTTPResponse, PoolManager, Retry, Timeout

from beforehand.adapters.signature import Signer
from beforehand.clock import now
from beforehand.errors import BeforehandError, NotFoundError

M = TypeVar("M", bound=BaseModel)

PIECE_BYTES = 1 << 20
WAITING = Timeout(connect=5, read=30)
# Reading and replacing a whole file can be repeated without harm.
TRIES = Retry(
    total=3,
    backoff_factor=0.2,
    backoff_jitter=0.2,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=("GET", "PUT"),
    raise_on_status=False,
)


class FileRefusedError(BeforehandError):
    """S3 did not carry out {method} of {key}: {status} {code}"""

    def __init__(self, method: str, key: str, status: int, code: str) -> None:
        super().__init__((self.__doc__ or "").format(method=method, key=key, status=status, code=code))


class S3Files:
    """The files bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def write(self, key: str, document: BaseModel) -> None:
        """Puts a document in its place; a reader sees the whole of it or nothing."""
        body = document.model_dump_json().encode()
        self._ask("PUT", key, body)

    def read(self, key: str, kind: type[M]) -> M:
        """A document that was written before. Raises NotFoundError naming the key."""
        return kind.model_validate_json(self._ask("GET", key).data)

    def find(self, key: str, kind: type[M]) -> M | None:
        """A document, or None where nothing was written."""
        try:
            return self.read(key, kind)
        except NotFoundError:
            return None

    def lines(self, key: str, *, encoding: str = "utf-8-sig") -> Iterator[str]:
        """The lines of a text file, streamed, their ends kept. Raises UnicodeDecodeError, NotFoundError."""
        body = self._ask("GET", key, streamed=True)
        assert isinstance(body, HTTPResponse)
        # The last piece is still to be read when the connection has given it.
        body.auto_close = False
        with io.TextIOWrapper(io.BufferedReader(body, PIECE_BYTES), encoding=encoding, newline="") as text:
            yield from text

    def _ask(self, method: str, key: str, body: bytes = b"", *, streamed: bool = False) -> BaseHTTPResponse:
        """The answer of S3. Raises NotFoundError, FileRefusedError and, when it cannot be reached, HTTPError."""
        signer = Signer.of("s3")
        url = _address(self._bucket, key, signer.region)
        host, path = urlsplit(url)[1:3]
        given = {"content-type": "application/json"} if body else {}
        headers = signer.headers(method, host=host, path=path, body=body, given=given, at=now())
        answer = connections().request(
            method, url, body=body or None, headers=headers, redirect=False, preload_content=not streamed
        )
        if answer.status < 300:
            return answer
        found = re.search(rb"<Code>(\w+)</Code>", answer.data)
        code = found[1].decode() if found else str(answer.reason)
        if code == "NoSuchKey":
            raise NotFoundError(f"There is no file {key} in the bucket {self._bucket}")
        raise FileRefusedError(method, key, answer.status, code)


@cache
def connections() -> PoolManager:
    """The connections to S3, kept while the function is warm."""
    return PoolManager(retries=TRIES, timeout=WAITING, ca_certs=os.environ.get("AWS_CA_BUNDLE"))


def _address(bucket: str, key: str, region: str) -> str:
    """Where the file lies: at the region's S3, or at the endpoint that stands in for it."""
    path = quote(key, safe="/-_.~")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}/{path}"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{domain}/{path}"
