"""Files in S3, with names in any script, streamed and whole."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel

from beforehand.adapters.aws import client as function_client
from beforehand.adapters.s3 import S3Files
from tests.contracts.conftest import Aws


class Note(BaseModel):
    text: str


@pytest.fixture
def bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, and the environment that a function beside it would have."""
    client = aws.client("s3")
    credentials = client._request_signer._credentials.get_frozen_credentials()
    region = client.meta.region_name
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", credentials.token or "")
    if aws.is_local:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.local().endpoint)
    function_client.cache_clear()
    name = aws.name("files")
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=name, **place)
    aws.later(client.delete_bucket, Bucket=name)
    return name


@pytest.fixture
def remove(aws: Aws, bucket: str) -> Callable[[str], None]:
    """Removes a file when the test is over."""
    return lambda key: aws.later(aws.client("s3").delete_object, Bucket=bucket, Key=key)


@pytest.mark.parametrize("key", ["runs/1/briefs/C1.json", "a b/ü&=+%41~*'().json", "उदाहरण/தமிழ்"])
def test_reads_what_it_wrote_and_so_does_the_sdk(
    aws: Aws, bucket: str, remove: Callable[[str], None], key: str
) -> None:
    remove(key)
    S3Files(bucket).write(key, Note(text="grüße"))
    assert S3Files(bucket).read(key, Note) == Note(text="grüße")
    kept = aws.client("s3").get_object(Bucket=bucket, Key=key)
    assert kept["ContentType"] == "application/json"
    assert Note.model_validate_json(kept["Body"].read()) == Note(text="grüße")


def test_streams_a_file_of_several_pieces(aws: Aws, bucket: str, remove: Callable[[str], None]) -> None:
    remove("imports/large.csv")
    lines = [f"{number},a customer of some length\r\n" for number in range(100_000)]
    aws.client("s3").put_object(Bucket=bucket, Key="imports/large.csv", Body="".join(lines).encode())
    with S3Files(bucket).open("imports/large.csv") as opened:
        assert opened.size == sum(map(len, lines))
        assert opened.stream.peek(1)[:1] == b"0"
        assert opened.stream.read() == "".join(lines).encode()
        assert opened.position() == opened.size


def test_tells_one_content_of_a_file_from_the_next_and_what_was_said_of_it(
    aws: Aws, bucket: str, remove: Callable[[str], None]
) -> None:
    remove("imports/a.csv")
    versions = []
    for body in (b"one", b"two"):
        aws.client("s3").put_object(
            Bucket=bucket, Key="imports/a.csv", Body=body, Metadata={"file-name": "%C3%A4.csv"}
        )
        with S3Files(bucket).open("imports/a.csv") as opened:
            versions.append(opened.version)
            assert opened.metadata == {"file-name": "%C3%A4.csv"}
    assert len(set(versions)) == 2


def test_reads_no_more_of_a_file_than_is_wanted(aws: Aws, bucket: str, remove: Callable[[str], None]) -> None:
    remove("m.json")
    aws.client("s3").put_object(Bucket=bucket, Key="m.json", Body=b"x" * 100)
    assert S3Files(bucket).content("m.json", most=10) == b"x" * 11
    assert S3Files(bucket).content("none.json", most=10) is None


def test_an_upload_that_was_damaged_on_its_way_is_refused(aws: Aws, bucket: str) -> None:
    wrong = base64.b64encode(hashlib.sha256(b"what was sent").digest()).decode()
    with pytest.raises(ClientError, match=r"BadDigest|InvalidRequest|XAmzContentChecksumMismatch"):
        aws.client("s3").put_object(Bucket=bucket, Key="damaged.csv", Body=b"what came", ChecksumSHA256=wrong)
    assert S3Files(bucket).content("damaged.csv", most=10) is None


def test_a_part_that_was_damaged_on_its_way_is_refused_and_what_is_never_completed_is_not_there(
    aws: Aws, bucket: str
) -> None:
    s3 = aws.client("s3")
    place = {"Bucket": bucket, "Key": "parts.csv"}
    upload = s3.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
    aws.later(s3.abort_multipart_upload, **place, UploadId=upload)
    wrong = base64.b64encode(hashlib.sha256(b"what was sent").digest()).decode()
    part = {**place, "UploadId": upload}
    with pytest.raises(ClientError, match=r"BadDigest|InvalidRequest|XAmzContentChecksumMismatch"):
        s3.upload_part(**part, PartNumber=1, Body=b"what came", ChecksumSHA256=wrong)
    s3.upload_part(**part, PartNumber=1, Body=b"customer_id\n", ChecksumAlgorithm="SHA256")
    assert S3Files(bucket).content("parts.csv", most=10) is None


def test_a_file_that_nobody_wrote_is_not_found(bucket: str) -> None:
    assert S3Files(bucket).find("runs/none.json", Note) is None


def test_a_bucket_that_there_is_not_is_refused(aws: Aws, bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Files(aws.name("none")).find("runs/none.json", Note)


def test_of_many_who_claim_a_file_one_has_it(aws: Aws, bucket: str, remove: Callable[[str], None]) -> None:
    remove("runs/1/asked/C1.json")
    S3Files(bucket).write("runs/1/other.json", Note(text="the client is made"))
    remove("runs/1/other.json")
    with ThreadPoolExecutor(8) as all_at_once:
        claims = all_at_once.map(
            lambda number: S3Files(bucket).claim("runs/1/asked/C1.json", Note(text=str(number))), range(8)
        )
        won = [number for number, claimed in enumerate(claims) if claimed]
    assert len(won) == 1
    assert S3Files(bucket).read("runs/1/asked/C1.json", Note) == Note(text=str(won[0]))
    assert not S3Files(bucket).claim("runs/1/asked/C1.json", Note(text="late"))


def test_lines_are_documents(aws: Aws, bucket: str, remove: Callable[[str], None]) -> None:
    remove("memory/C1.jsonl")
    S3Files(bucket).write_lines("memory/C1.jsonl", [Note(text="ü"), Note(text="a\nb")])
    kept = S3Files(bucket).content("memory/C1.jsonl", most=1 << 20)
    assert kept is not None and kept.decode().splitlines(keepends=True) == ['{"text":"ü"}\n', '{"text":"a\\nb"}\n']


def test_an_upload_address_is_for_that_file_alone(aws: Aws, bucket: str, remove: Callable[[str], None]) -> None:
    remove("imports/one.csv")
    metadata = {"file-name": "M%C3%A4rz.csv"}
    url = S3Files(bucket).upload_address("imports/one.csv", size=4, media="text/csv", metadata=metadata, seconds=60)
    fits = {"content-type": "text/csv", "x-amz-meta-file-name": "M%C3%A4rz.csv"}
    elsewhere = url.replace("one.csv", "two.csv")
    for address, headers, content in (
        (url, {**fits, "content-type": "text/html"}, b"a,b\n"),
        (url, {**fits, "x-amz-meta-file-name": "other.csv"}, b"a,b\n"),
        (url, fits, b"a,b\n1,2\n"),
        (elsewhere, fits, b"a,b\n"),
    ):
        assert httpx.put(address, headers=headers, content=content, trust_env=False).status_code == 403
    assert httpx.put(url, headers=fits, content=b"a,b\n", trust_env=False).status_code == 200
    kept = aws.client("s3").head_object(Bucket=bucket, Key="imports/one.csv")
    assert (kept["ContentType"], kept["Metadata"]) == ("text/csv", metadata)
