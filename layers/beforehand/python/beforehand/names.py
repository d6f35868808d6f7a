"""Names that the infrastructure and the code share, so that each is spelled once."""

from enum import StrEnum

DATABASE_NAME = "beforehand"


class DatabaseRole(StrEnum):
    """The three roles of the database; each signs in with an IAM token."""

    MIGRATOR = "beforehand_migrator"
    APP_RW = "beforehand_app_rw"
    APP_RO = "beforehand_app_ro"


class Schedule(StrEnum):
    """Cadences that the stack owns."""

    CHURN_SCAN = "churn_scan"
    OUTBOX_SWEEP = "outbox_sweep"
    OUTBOX_RELAY = "outbox_relay"
    OUTREACH = "outreach"
    INBOX_APPLY = "inbox_apply"
    FOLLOWUPS_INACTIVE = "followups_inactive"


class Profile(StrEnum):
    """Versions of the score; `churn/profile.py` has what they are made of."""

    DEFAULT_V1 = "default-v1"
    PROCX_V1 = "procx-v1"


class Prefix(StrEnum):
    """Where things lie in the files bucket."""

    IMPORTS = "imports/"
    IMPORT_MAPPINGS = "import-mappings/"
    IMPORT_RESULTS = "import-results/"
    RUNS = "runs/"
    MEMORY = "memory/"
    CHUNKS = "chunks/"
    SECRETS = "secrets/"
    REHEARSALS = "rehearsals/"
