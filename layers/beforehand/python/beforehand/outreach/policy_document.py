"""The contact policy as people write it and the database keeps it: every field checked, with its remedy."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Self, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from beforehand.outreach.model import Channel, Purpose
from beforehand.outreach.policy import ContactPolicy, Nature
from beforehand.outreach.window_text import days_of, hours_of, read_days, read_hours
from beforehand.outreach.windows import DAYS, DayName, SendWindow, Windows

DAY = timedelta(days=1)
W = TypeVar("W", bound=StrEnum)


def _hours(text: str) -> str:
    read_hours(text)
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("is no IANA time zone; write it as Asia/Kolkata")
    return text


def _sorted(words: tuple[W, ...]) -> tuple[W, ...]:
    return tuple(sorted(set(words)))


Days = Annotated[float, Field(ge=0, le=365)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Base of what stands in the document."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False, defer_build=True
    )


class WrittenWindow(Part):
    """A send window as it is written; one that closes at or before it opens closes on the next day."""

    hours: Annotated[
        str, AfterValidator(_hours), Field(description="Local times, half-open: 09:00–20:00; 24:00 ends a day.")
    ]
    days: Annotated[tuple[DayName, ...], Field(min_length=1, description="On which weekdays it opens.")] = DAYS

    @classmethod
    def of(cls, window: SendWindow) -> Self:
        """A window, written down."""
        return cls(hours=hours_of(window), days=tuple(days_of(window)))

    def window(self) -> SendWindow:
        """The window that is written here."""
        opens, closes = read_hours(self.hours)
        return SendWindow(opens=opens, closes=closes, days=read_days(self.days))


WrittenWindows = Annotated[tuple[WrittenWindow, ...], Field(min_length=1, max_length=20)]


class PolicyDocument(Part):
    """The whole contact policy."""

    cool_down_days: Annotated[
        Mapping[Purpose, Days],
        Field(description="How long nobody is contacted again for a purpose; none where it is not named."),
    ]
    budget: Annotated[
        int, Field(ge=1, le=1000, description="How often anybody is contacted in budget_days, whatever it is for.")
    ]
    budget_days: Annotated[float, Field(gt=0, le=365)]
    case_rest_days: Annotated[Days, Field(description="How long after a case was opened nobody is approached.")]
    holdout_shares: Annotated[
        Mapping[Purpose, Share],
        Field(description="The share of customers that a purpose leaves alone, to compare with: 0.1 is a tenth."),
    ]
    holdout_salt: Annotated[str, Field(min_length=1, max_length=100, description="Another one draws others.")]
    send_windows: Annotated[WrittenWindows, Field(description="When people are contacted, in their own zone.")]
    channel_windows: Annotated[
        Mapping[Channel, WrittenWindows], Field(description="The windows of a channel, instead of send_windows.")
    ]
    marketing: Annotated[
        tuple[Purpose, ...],
        AfterValidator(_sorted),
        Field(description="The purposes that are marketing; the others are service."),
    ]
    consent_required: Annotated[
        tuple[Nature, ...],
        AfterValidator(_sorted),
        Field(description="Of which only those are contacted who said yes. Nobody is contacted who said no."),
    ]
    home_zone: Annotated[
        str, AfterValidator(_zone), Field(description="For people of whom neither zone nor country is known.")
    ]

    @classmethod
    def of(cls, policy: ContactPolicy) -> Self:
        """A policy, written down."""
        return cls(
            cool_down_days={purpose: length / DAY for purpose, length in policy.cool_downs.items()},
            budget=policy.budget,
            budget_days=policy.budget_period / DAY,
            case_rest_days=policy.case_rest / DAY,
            holdout_shares=policy.holdout_shares,
            holdout_salt=policy.holdout_salt,
            send_windows=_written(policy.send_windows),
            channel_windows={channel: _written(windows) for channel, windows in policy.channel_windows.items()},
            marketing=tuple(policy.marketing),
            consent_required=tuple(policy.consent_required),
            home_zone=policy.home_zone,
        )

    def policy(self, version: str) -> ContactPolicy:
        """The policy that is written here."""
        return ContactPolicy(
            version=version,
            cool_downs={purpose: days * DAY for purpose, days in self.cool_down_days.items()},
            budget=self.budget,
            budget_period=self.budget_days * DAY,
            case_rest=self.case_rest_days * DAY,
            holdout_shares=dict(self.holdout_shares),
            holdout_salt=self.holdout_salt,
            send_windows=_read(self.send_windows),
            channel_windows={channel: _read(windows) for channel, windows in self.channel_windows.items()},
            marketing=frozenset(self.marketing),
            consent_required=frozenset(self.consent_required),
            home_zone=self.home_zone,
        )


def _written(windows: Windows) -> tuple[WrittenWindow, ...]:
    return tuple(WrittenWindow.of(window) for window in windows)


def _read(windows: Iterable[WrittenWindow]) -> Windows:
    return tuple(window.window() for window in windows)
