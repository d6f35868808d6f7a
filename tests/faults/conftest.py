"""What faults happen to: delivery at a desk, a provider in a process of its own, and the local endpoint."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from beforehand.adapters.postgres import PostgresDatabase
from beforehand.adapters.s3 import S3Files
from beforehand.outreach.delivery.gates import DynamoGates
from beforehand_cli.local.postgres import Postgres
from tests.contracts.conftest import Aws, addresses, aws
from tests.contracts.test_gates import gates_table
from tests.faults.books import clean, open_channels
from tests.faults.desk import Desk
from tests.faults.people import sends_all
from tests.faults.sender import Ses
from tests.outbox.endpoint import reached
from tests.outreach.provider_server import ProviderServer, running

__all__ = ["addresses", "aws"]

FIRST_FAILURE = "first_failure"
"""The profile of hypothesis that looks for no simpler example than the first that fails."""

settings.register_profile(FIRST_FAILURE, phases=[Phase.explicit, Phase.generate])


@pytest.fixture
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderServer]:
    """A provider in a process of its own, with books that outlive it."""
    with running(tmp_path_factory.mktemp("provider")) as server:
        yield server


@pytest.fixture
def desk(aws: Aws, postgres: Postgres, database: PostgresDatabase, provider: ProviderServer) -> Iterator[Desk]:
    """Delivery with e-mail live; whatever it committed is taken away after the test."""
    aws.local()
    bucket, s3 = aws.name("files"), aws.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    open_channels(database)
    try:
        with reached(aws):
            yield Desk(
                database=database,
                gates=DynamoGates(gates_table(aws)),
                files=S3Files(bucket),
                provider=Ses(provider.address),
                decide_at=sends_all,
            )
    finally:
        clean(postgres)
