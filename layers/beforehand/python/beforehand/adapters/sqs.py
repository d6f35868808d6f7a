"""Messages to a queue."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError


class SqsQueue:
    """One queue, by its URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, document: BaseModel) -> None:
        """Puts a document into the queue; after a lost answer it may be there twice. Raises NotNowError."""
        try:
            _client().send_message(QueueUrl=self._url, MessageBody=document.model_dump_json())
        except (BotoCoreError, ClientError) as error:
            raise NotNowError(f"SQS did not take a message ({type(error).__name__})") from error


def _client() -> Any:
    return client("sqs", read_seconds=3, connect_seconds=1, attempts=2)
