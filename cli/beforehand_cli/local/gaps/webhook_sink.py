"""The local sink of webhooks: what proves a body, and where a message is kept. AWS has none; a company has."""

from typing import Any

from ministack.services import secretsmanager, ses

from beforehand_cli.local.sink import SECRET_NAME


def signing_secrets() -> list[str]:
    """The text of every secret that signs webhooks here."""
    secrets = [one for one in secretsmanager._secrets._data.values() if one["Name"].endswith(SECRET_NAME)]
    return [
        version["SecretString"]
        for one in secrets
        for version in one["Versions"].values()
        if "AWSCURRENT" in version.get("Stages", ()) and version.get("SecretString")
    ]


def keep(record: dict[str, Any]) -> bool:
    """Lays a message into the mailbox, once for its id; whether it is new."""
    kept = (one for entries in ses._sent_emails._data.values() for one in list(entries))
    if any(one["MessageId"] == record["MessageId"] for one in kept):
        return False
    ses._sent_emails_list().append(record)
    return True
