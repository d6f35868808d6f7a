"""The workflow of delivery: whatever fails, the others go on; and what it costs is counted in its transitions."""

from typing import Any

import jsonata
import pytest

from beforehand.outreach.delivery.claiming import BATCH, CHUNK
from beforehand.outreach.delivery.send_wiring import SENDS_SECONDS
from tests.infra.assembly import Assembly

MOST_A_CONTACT = 0.05


@pytest.fixture(scope="module")
def states(dev: Assembly) -> dict[str, Any]:
    states: dict[str, Any] = dev.definition("outreach")["States"]
    return states


def worked_out(expression: str, tick: dict[str, Any]) -> Any:
    parsed = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    parsed.assign("tick", tick)
    return parsed.evaluate({})


def way(states: dict[str, Any], start: str, tick: dict[str, Any]) -> list[str]:
    """The states that are entered where nothing fails."""
    names, name = [], start
    while name:
        names.append(name)
        state = states[name]
        chosen = [one["Next"] for one in state.get("Choices", ()) if worked_out(one["Condition"], tick)]
        name = chosen[0] if chosen else state.get("Default", state.get("Next", ""))
    return names


def chunks_of(states: dict[str, Any], tick: dict[str, Any]) -> list[Any]:
    return list(worked_out(states["Deliver"]["Items"], tick))


def test_a_contact_takes_few_transitions(states: dict[str, Any]) -> None:
    tick = {"chunks": [f"chunk {number}" for number in range(-(-BATCH // CHUNK))], "unknowns": None}
    inner = states["Deliver"]["ItemProcessor"]
    each = way(inner["States"], inner["StartAt"], tick)
    assert each == ["Send", "Record"]
    entered = len(way(states, "Claim", tick)) + len(chunks_of(states, tick)) * len(each)
    assert entered / BATCH <= MOST_A_CONTACT


def test_a_sender_whose_provider_is_slow_still_comes_to_the_last_message_of_its_chunk() -> None:
    assert CHUNK * 1.8 <= SENDS_SECONDS


@pytest.mark.parametrize("chunks", [[], ["one"], ["one", "two"]])
def test_each_chunk_of_a_tick_is_one_item_and_none_is_none(states: dict[str, Any], chunks: list[str]) -> None:
    assert chunks_of(states, {"chunks": chunks}) == chunks


def test_what_is_unknown_is_asked_about_before_anything_is_sent(states: dict[str, Any]) -> None:
    names = way(states, "Claim", {"chunks": [], "unknowns": "a list"})
    assert names == ["Claim", "IsAnythingUnknown", "AskAboutUnknown", "RecordAnswers", "Deliver", "Heartbeat"]


def test_a_chunk_that_fails_is_recorded_all_the_same_and_nothing_repeats_a_send(states: dict[str, Any]) -> None:
    inner = states["Deliver"]["ItemProcessor"]["States"]
    (caught,) = inner["Send"]["Catch"]
    assert caught == {"ErrorEquals": ["States.ALL"], "Output": "{% $states.input %}", "Next": "Record"}
    assert inner["Send"]["Output"] == "{% $states.input %}"
    assert inner["Record"]["Arguments"]["Payload"] == {"chunk": "{% $states.input.chunk %}"}
    assert "Retry" not in inner["Send"] and "Retry" in inner["Record"]


def test_a_heartbeat_that_is_not_written_fails_nothing(states: dict[str, Any]) -> None:
    beat, done = states["Heartbeat"], states["Done"]
    assert {one["Next"] for one in beat["Catch"]} == {"Done"}
    assert beat["Output"] == done["Output"] == {"claimed": "{% $tick.claimed %}"}
