"""Secrets, read when they are needed and never kept."""

import json

from beforehand.adapters.aws import client


class MasterSecret:
    """The master's user and password, which RDS itself keeps and rotates."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def read(self) -> tuple[str, str]:
        """The user and the password."""
        held = json.loads(client("secretsmanager").get_secret_value(SecretId=self._arn)["SecretString"])
        return held["username"], held["password"]
