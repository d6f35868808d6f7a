"""The peer: a function on the same libraries, written and shipped as is usual."""

from datetime import datetime
from typing import Any
from uuid import UUID

import boto3
import pg8000.native
from aws_lambda_powertools import Logger, Metrics, Tracer
from pydantic import BaseModel, Field

logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="Peer")
files = boto3.client("s3")


class Request(BaseModel):
    """What it takes."""

    run_id: UUID
    due_at: datetime
    customer_id: str = Field(pattern=r"^[A-Za-z0-9]+$")
    channel: str = "email"
    language: str | None = None
    health: float = Field(ge=0, le=100)
    risk: float = Field(ge=0, le=1)


class Answer(BaseModel):
    """What it answers."""

    run_id: UUID
    customer_id: str
    status: str
    subject: str
    body: str
    because: str


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Reads a customer and leaves a file; the benchmark only starts it."""
    request = Request.model_validate(event)
    pg8000.native.Connection("peer").run("select 1")
    files.put_object(Bucket="peer", Key=str(request.run_id), Body=b"")
    answer = Answer(
        run_id=request.run_id, customer_id=request.customer_id, status="done", subject="", body="", because=""
    )
    return answer.model_dump(mode="json")
