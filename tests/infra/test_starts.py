"""Each function starts from what is deployed alone: its layers and its folder, every file dated 1980."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import cold_start
from benchmarks.cold_start import PeerUnavailableError, Shipped, StartFailedError
from infra.packages import ROOT

FUNCTIONS = sorted(handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Shipped]:
    return {one.name: one for one in cold_start.ship(tmp_path_factory.mktemp("shipped"))}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_starts_and_compiles_nothing(shipped: Mapping[str, Shipped], function: str) -> None:
    figures = cold_start.start(shipped[function])
    assert figures["compiled"] == 0
    assert figures["ready"] >= figures["init"] > 0


def test_sees_what_has_to_be_compiled(tmp_path: Path) -> None:
    handler = tmp_path / "handler.py"
    handler.write_text("import json\n")
    assert cold_start.start(Shipped(name="bare", folders=[tmp_path]))["compiled"] == 1


def test_names_a_function_that_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(StartFailedError, match=r"broken did not start:\n(.|\n)*nothing_of_this_name"):
        cold_start.start(Shipped(name="broken", folders=[tmp_path]))


def test_says_that_there_is_no_peer_where_no_package_index_is_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cold_start, "KEPT", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    with pytest.raises(PeerUnavailableError, match="nothing to compare with"):
        cold_start.install_peer()
    assert not list((tmp_path / "benchmarks").glob("*/zipped"))
