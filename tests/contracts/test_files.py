"""Files in S3, with names in any script, streamed and whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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
    assert list(S3Files(bucket).lines("imports/large.csv")) == lines


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
    assert list(S3Files(bucket).lines("memory/C1.jsonl")) == ['{"text":"ü"}\n', '{"text":"a\\nb"}\n']
