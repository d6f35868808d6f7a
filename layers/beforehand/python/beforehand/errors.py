"""Errors that a person reads: each says what was wrong, where, and how to mend it."""

from collections.abc import Iterable


class BeforehandError(Exception):
    """Base of every error that Beforehand raises on purpose."""


class InvalidSettingsError(BeforehandError):
    """The settings of a function or a stage are missing or wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("Settings refused: " + "; ".join(problems))


class InvalidEventError(BeforehandError):
    """An event does not have the shape that its function takes."""

    def __init__(self, event: str, problems: Iterable[str]) -> None:
        super().__init__(f"{event} refused: " + "; ".join(problems))


class NotFoundError(BeforehandError):
    """Something that was named does not exist."""


class NotNowError(BeforehandError):
    """What was asked of a service could not be done now; another attempt may succeed."""


class RefusedError(BeforehandError):
    """What was asked of a service was refused; another attempt would be, too."""
