"""The account's default event bus, on which systems tell each other what happened."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError


class EventBus:
    """Puts events on the bus under one source."""

    def __init__(self, source: str) -> None:
        self._source = source

    def tell(self, kind: str, detail: Mapping[str, Any], *, at: datetime) -> None:
        """Puts one event there; it may come twice. Raises NotNowError: another attempt may succeed."""
        entry = {"Source": self._source, "DetailType": kind, "Detail": json.dumps(detail), "Time": at}
        try:
            answer = client("events", read_seconds=10).put_events(Entries=[entry])
        except ClientError as error:
            raise NotNowError(f"EventBridge answered {error.response.get('Error', {}).get('Code')}") from None
        except BotoCoreError as error:
            raise NotNowError(f"EventBridge gave no answer ({type(error).__name__})") from None
        if answer["FailedEntryCount"]:
            raise NotNowError(f"EventBridge did not take it: {answer['Entries'][0].get('ErrorCode')}")
