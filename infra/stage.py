"""The numbers of one stage, typed: what `dev`, `prod` and `local` differ in, and nothing is spelled elsewhere."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from beforehand.names import Profile
from beforehand.settings import Points, Share
from beforehand.settings.churn import Guardrail, Price
from infra import clock_grid
from infra.channel_numbers import ChannelNumbers
from infra.followup_numbers import FollowUpNumbers

GEOGRAPHIES = ("apac", "au", "ca", "eu", "global", "jp", "us", "us-gov")
"""Where the inference profiles of Amazon Bedrock may send a question, as their ids begin."""

BEDROCK_MODEL = (
    r"^([a-z0-9-]+(\.[a-z0-9-]+){1,2}(:[0-9]+)?"
    r"|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]{12}:(application-)?inference-profile/[a-zA-Z0-9.:-]+)$"
)

URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
MOST_URL = 2_000
"""What messages take of an address: the same as `beforehand/outreach/messages/cleaning.py`; a test compares."""

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)


class UnknownStageError(Exception):
    """there is no stage named {name!r}; choose one of {known} with `-c stage=<name>`, or add it to cdk.json under
    context.stages"""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__((self.__doc__ or "").format(name=name, known=", ".join(known)))


class InvalidStageError(Exception):
    """the stage {name} is not as it should be:
    {problems}
    Set each in cdk.json under context.stages.{name}, or for one run with `-c <number>=<value>`."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__((self.__doc__ or "").format(name=name, problems="\n    ".join(problems)))


class Stage(ChannelNumbers, FollowUpNumbers):
    """One deployment's numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,11}$")]
    runs_on: Literal["aws", "host"] = "aws"
    """`host`: the functions run on this machine, with its Python and its processor."""

    database: Literal["rds"] = "rds"
    database_instance: Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+$")]
    database_gigabytes: Annotated[int, Field(ge=20, le=65536)] = 20
    database_connections_alarm: Annotated[int, Field(ge=1)] = 60
    database_backup_days: Annotated[int, Field(ge=1, le=35)] = 7
    database_port: Annotated[int, Field(ge=1150, le=65535)] = 15432
    database_ca: Path | None = None
    """The certificates (PEM) that sign the database's; None: those that Amazon RDS publishes."""
    multi_az: bool = False
    gateway_prefix_lists: tuple[Annotated[str, Field(pattern=r"^pl-[0-9a-f]+$")], ...] = ()
    """The region's prefix lists of S3 and DynamoDB, to which database functions are then confined by name."""

    company_name: Annotated[str, Field(min_length=1, max_length=100)]
    company_address: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    """Stands below every e-mail; many countries ask for it."""
    company_support_url: Annotated[str, Field(pattern=r"^https://[^\s]+$")] | None = None
    """Where customers find help; stands below every e-mail."""
    company_language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    company_zone: str = "UTC"
    """The company's own zone (IANA), by which times are told to those whose zone nobody knows."""
    staff_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    """Who is told; None: nobody is subscribed to the staff topic."""

    scan_every_minutes: int
    scan_limit_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    churn_risk_threshold: Share = 0.6
    churn_health_threshold: Points = 40
    churn_max_interventions: Annotated[int, Field(ge=1, le=1000)] = 10
    churn_profile: Profile = Profile.DEFAULT_V1
    churn_min_lifetime_value: Annotated[float, Field(ge=0)] | None = None
    churn_segments: Annotated[str, Field(min_length=1)] | None = None
    """Comma-separated; None: customers of every segment are looked at."""
    write_concurrency: Annotated[int, Field(ge=1, le=40)] = 5
    """How many messages of one scan are written at a time; new accounts run ten functions at a time in all."""

    public_url: Annotated[str, Field(pattern=r"^https?://[^\s]+[^/\s]$")] | None = None
    """Where customers reach the API, `{api}` for its id: a domain of your own. None: the API's own address."""
    api_calls_per_second: Annotated[int, Field(ge=1, le=10_000)] = 20
    api_calls_at_once: Annotated[int, Field(ge=1, le=5_000)] = 40
    bedrock_model: Annotated[str, Field(pattern=BEDROCK_MODEL)] | None = None
    """What writes messages: a model of Amazon Bedrock by id, an inference profile by id or ARN; None: templates."""
    bedrock_region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] | None = None
    """Where the model is asked; None: in the stack's own region."""
    bedrock_guardrail: Guardrail | None = None
    bedrock_max_tokens: Annotated[int, Field(ge=200, le=2000)] = 600
    bedrock_calls_per_letter: Annotated[int, Field(ge=1, le=3)] = 2
    bedrock_calls_per_run: Annotated[int, Field(ge=0, le=3000)] = 20
    """The budget of a scan: those who come first may ask the model, the templates write to the others."""
    bedrock_price_input: Price | None = None
    """The price of a million tokens that are read, in your currency; with the other, scans say what they cost."""
    bedrock_price_output: Price | None = None

    hooks_secret: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:")] | None = None
    """The secret (ARN) that the company's own systems sign reports with; None: they report nothing."""

    log_retention_days: int = 30
    import_retention_days: Annotated[int, Field(ge=1)] = 90
    run_retention_days: Annotated[int, Field(ge=1)] = 30
    keep_data: bool
    """Data outlive the stacks: deletion protection on, snapshots and buckets retained."""
    alarms: Literal["aggregate", "per_function"]
    reserved_concurrency: Annotated[int, Field(ge=1)] | None = None
    flow_logs: bool = True
    nag: bool = True
    """Security rules are checked at synthesis; one unacknowledged finding fails it."""

    @field_validator("scan_every_minutes")
    @classmethod
    def _on_the_clock(cls, minutes: int) -> int:
        clock_grid.cron(minutes)
        return minutes

    @field_validator("company_zone")
    @classmethod
    def _known_to_iana(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("name a zone of the IANA database, such as Asia/Kolkata")
        return zone

    @field_validator("public_url", "company_support_url")
    @classmethod
    def _may_stand_in_a_message(cls, url: str | None) -> str | None:
        """Messages carry these, and none is made with one that they may not carry."""
        if url is not None and not _may_stand_in_a_message(url):
            raise ValueError(
                "messages cannot carry it, and none would go: give one that begins with https:// (http:// only on "
                "this machine), names a host and no user, and has at most 2000 characters of plain ASCII"
            )
        return url

    @field_validator("log_retention_days")
    @classmethod
    def _kept_by_cloudwatch(cls, days: int) -> int:
        if days not in LOG_RETENTION_DAYS:
            raise ValueError(f"CloudWatch keeps logs for {', '.join(map(str, LOG_RETENTION_DAYS))} days only")
        return days

    @field_validator("gateway_prefix_lists", mode="before")
    @classmethod
    def _from_the_command_line(cls, given: Any) -> Any:
        return given.split(",") if isinstance(given, str) else given

    @model_validator(mode="after")
    def _no_model_on_this_machine(self) -> Self:
        if self.on_host and self.bedrock_model is not None:
            raise ValueError(
                "bedrock_model: there is no Bedrock on this machine, and the local endpoint's made-up text is no "
                "result; leave it out"
            )
        return self

    @classmethod
    def choose(cls, name: str, stages: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Self:
        """The stage of that name out of cdk.json's `stages`, with the numbers `given` for this run.

        Raises UnknownStageError, or InvalidStageError naming each number that is wrong and what it may be.
        """
        if name not in stages:
            raise UnknownStageError(name, sorted(stages))
        try:
            numbers = {_lower(number): value for number, value in {**stages[name], **given}.items()}
            return cls(**{**numbers, "name": name})
        except ValidationError as error:
            raise InvalidStageError(name, [_problem(e) for e in error.errors()]) from error

    @property
    def company(self) -> dict[str, str]:
        """What messages and previews say of the company."""
        names = ("company_name", "company_address", "company_support_url", "company_language", "company_zone")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def on_host(self) -> bool:
        """The functions run on this machine."""
        return self.runs_on == "host"

    def named(self, name: str) -> str:
        """The name of a thing of this stage, as people see it on AWS."""
        return f"beforehand-{self.name}-{name.replace('_', '-')}"


def _may_stand_in_a_message(url: str) -> bool:
    try:
        parts = urlsplit(url.replace("{api}", "api"))
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = len(url) <= MOST_URL and URL.fullmatch(parts.geturl()) is not None
    return plain and bool(host) and "@" not in parts.netloc and (parts.scheme == "https" or _is_here(host))


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _lower(number: str) -> str:
    """Other schedulers have their settings in the environment, where names are in capitals."""
    return number.lower() if number.isupper() else number


def _problem(error: Any) -> str:
    number = ".".join(map(str, error["loc"]))
    if not number:
        return str(error["msg"].removeprefix("Value error, "))
    if error["type"] == "extra_forbidden":
        return f"{number}: there is no such number; the numbers are {', '.join(Stage.model_fields)}"
    if error["type"] == "missing":
        return f"{number}: is missing"
    return f"{number} = {error['input']!r}: {error['msg'].removeprefix('Value error, ')}"
