"""What the emulator process is told by the command that starts it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

ACCOUNT = "000000000000"
# MiniStack takes a 12-digit access key for the account, and verifies presigned URLs with this secret key.
ACCESS_KEY = ACCOUNT
SECRET_KEY = "test"  # noqa: S105 - the emulator's well-known key
ADDRESS = "127.0.0.1"


class EmulatorSettings(BaseModel):
    """Handed over as JSON on the emulator's command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int
    region: str
    state: Path
    objects: Path
    scratch: Path
    database_port: int
    database_name: str
    master_user: str
    master_password_file: Path

    def endpoint(self) -> str:
        """The URL of the AWS endpoint."""
        return f"http://{ADDRESS}:{self.port}"

    def to_env(self) -> dict[str, str]:
        """The variables MiniStack reads, most of them when it is imported."""
        return {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": ADDRESS,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.objects),
            "TMPDIR": str(self.scratch),
            "MINISTACK_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": self.endpoint(),
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
            # No Docker: the emulator must not look for a daemon, here or on the caller's machine.
            "DOCKER_HOST": "unix:///nonexistent",
        }
