"""The pepper in S3: made once, by one of many; lost or changed, nobody goes on with another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from beforehand.adapters.s3 import S3Files
from beforehand.outreach.suppression.pepper import KEY, Pepper, PepperLostError, ensure, pepper
from tests.contracts.conftest import Aws
from tests.outbox.endpoint import reached


class Fingerprints:
    """What the database remembers; `dies`: the deployment is killed before it is written down."""

    def __init__(self) -> None:
        self.kept: str | None = None
        self.dies = False

    def known(self) -> str | None:
        return self.kept

    def remember(self, fingerprint: str) -> None:
        if self.dies:
            raise KeyboardInterrupt
        self.kept = fingerprint


@pytest.fixture
def bucket(aws: Aws) -> Iterator[str]:
    name, s3 = aws.name("files"), aws.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    aws.later(s3.delete_bucket, Bucket=name)
    aws.later(s3.delete_object, Bucket=name, Key=KEY)
    with reached(aws):
        pepper.cache_clear()
        yield name
        pepper.cache_clear()


def test_it_is_made_once_and_is_still_that_one_with_every_deployment(bucket: str) -> None:
    files, prints = S3Files(bucket), Fingerprints()
    ensure(files, prints)
    made = files.read(KEY, Pepper)
    assert (prints.kept, len(pepper(bucket))) == (made.fingerprint, 32)
    ensure(files, prints)
    assert files.read(KEY, Pepper) == made
    assert made.secret not in repr(made)


def test_a_deployment_that_was_killed_goes_on_with_what_it_had_made(bucket: str) -> None:
    files, prints = S3Files(bucket), Fingerprints()
    prints.dies = True
    with pytest.raises(KeyboardInterrupt):
        ensure(files, prints)
    made, prints.dies = files.read(KEY, Pepper), False
    ensure(files, prints)
    assert (files.read(KEY, Pepper), prints.kept) == (made, made.fingerprint)


def test_of_many_at_once_all_go_on_with_one(bucket: str) -> None:
    every = [Fingerprints() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda prints: ensure(S3Files(bucket), prints), every))
    assert {prints.kept for prints in every} == {S3Files(bucket).read(KEY, Pepper).fingerprint}


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "gone"])
def test_lost_it_is_never_made_again(aws: Aws, bucket: str, changed: bool) -> None:
    files, prints = S3Files(bucket), Fingerprints()
    ensure(files, prints)
    made = files.read(KEY, Pepper)
    aws.client("s3").delete_object(Bucket=bucket, Key=KEY)
    if changed:
        files.write(KEY, Pepper(secret="ab" * 32))
    with pytest.raises(PepperLostError, match="bring its first version back"):
        ensure(files, prints)
    assert (files.find(KEY, Pepper) is None) is not changed
    assert prints.kept == made.fingerprint
    files.write(KEY, made)
    ensure(files, prints)
