"""Secrets, read when they are needed and never kept."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from beforehand.adapters.aws import client
from beforehand.errors import NotNowError


class TextSecret:
    """A secret of ours, by its ARN: its text, as it is now."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def read(self) -> str:
        """The text. Raises NotNowError without a word of it."""
        try:
            return str(client("secretsmanager").get_secret_value(SecretId=self._arn)["SecretString"])
        except ClientError as error:
            raise NotNowError(error.response.get("Error", {}).get("Code", "ClientError")) from None
        except (BotoCoreError, KeyError) as error:
            raise NotNowError(type(error).__name__) from None


class MasterSecret:
    """The master's user and password, which RDS itself keeps and rotates."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def read(self) -> tuple[str, str]:
        """The user and the password."""
        held = json.loads(client("secretsmanager").get_secret_value(SecretId=self._arn)["SecretString"])
        return held["username"], held["password"]
