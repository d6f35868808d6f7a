"""Settings: what infrastructure writes is what functions read, and what is wrong is named."""

import pytest

from beforehand.errors import InvalidSettingsError
from beforehand.settings import DatabaseSettings, Settings
from beforehand.settings.churn import ChurnSelectSettings

DATABASE = {"database_host": "db.internal", "database_port": 15432, "database_user": "beforehand_app_rw"}


def kinds() -> list[type[Settings]]:
    found, waiting = [], [Settings]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found.append(kind)
            waiting.append(kind)
    return found


def test_what_is_written_is_what_is_read() -> None:
    written = ChurnSelectSettings(**DATABASE, churn_risk_threshold=0.75, churn_max_interventions=3)
    assert ChurnSelectSettings.from_env(written.to_env()) == written


@pytest.mark.parametrize(
    ("written", "names"), [("VIP, Loyal", ("VIP", "Loyal")), ("VIP", ("VIP",)), (None, None), (" ,", None)]
)
def test_segments_are_parted_at_commas(written: str | None, names: tuple[str, ...] | None) -> None:
    assert ChurnSelectSettings(**DATABASE, churn_segments=written).segments == names


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_setting_says_what_it_is_for(kind: type[Settings]) -> None:
    assert kind.__doc__


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"BEFOREHAND_DATABASE_HOST": None}, "BEFOREHAND_DATABASE_HOST: Field required"),
        ({"BEFOREHAND_DATABASE_PORT": "eleven"}, "BEFOREHAND_DATABASE_PORT: Input should be a valid integer"),
        ({"BEFOREHAND_DATABASE_PORT": "70000"}, "BEFOREHAND_DATABASE_PORT: Input should be less than"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str | None], named: str) -> None:
    environ = DatabaseSettings(**DATABASE).to_env() | change
    with pytest.raises(InvalidSettingsError, match=named):
        DatabaseSettings.from_env({name: value for name, value in environ.items() if value is not None})
