"""What reads a text tells the score alone, by the reader that the stage names, and forgets the text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from beforehand.adapters import event_bus
from beforehand.adapters.aws import client
from beforehand.adapters.comprehend import Comprehend
from beforehand.adapters.event_bus import EventBus
from beforehand.errors import NotNowError, RefusedError
from beforehand.events.followups import News, NewsArrived
from beforehand.followups import emotion_wiring
from beforehand.followups.emotion import read
from beforehand.settings.followups import FollowupsReadEmotionSettings

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXT = "I am very disappointed"
NEWS = NewsArrived(
    id="e1", time=AT, **{"detail-type": "EmotionRecorded"}, detail=News(customer_id="C1", text=TEXT, language="en")
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, datetime]]:
    """What is put on the bus; Comprehend is what the stage names."""
    seen: list[tuple[str, Any, datetime]] = []
    settings = FollowupsReadEmotionSettings(emotion_reader="comprehend", events_source="company")
    monkeypatch.setattr(emotion_wiring, "from_environment", lambda _: settings)
    monkeypatch.setattr(EventBus, "tell", lambda self, kind, detail, *, at: seen.append((kind, detail, at)))
    return seen


def test_comprehends_score_is_told_and_the_text_is_not(
    told: list[tuple[str, Any, datetime]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comprehend, "sentiment", lambda self, text, language: 0.125)
    emotion_wiring.read_emotion(NEWS)
    [(kind, detail, at)] = told
    assert (kind, at, detail["score"], detail["read_by"], detail["told_in"]) == (
        "EmotionRecorded", AT, 0.125, "comprehend", "e1",
    )  # fmt: skip
    assert TEXT not in str(detail)


def test_what_comprehend_does_not_read_the_word_list_does(
    told: list[tuple[str, Any, datetime]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> float:
        raise RefusedError("another language")

    monkeypatch.setattr(Comprehend, "sentiment", refuse)
    emotion_wiring.read_emotion(NEWS)
    [(_, detail, _)] = told
    assert (detail["score"], detail["read_by"]) == (read(TEXT, "en"), "lexicon")


def test_while_comprehend_is_away_nothing_is_told_and_it_is_tried_again(
    told: list[tuple[str, Any, datetime]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> float:
        raise NotNowError("throttled")

    monkeypatch.setattr(Comprehend, "sentiment", away)
    with pytest.raises(NotNowError):
        emotion_wiring.read_emotion(NEWS)
    assert told == []


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """EventBridge in the shapes that it documents."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    events = client.__wrapped__("events", region="ap-south-1")
    monkeypatch.setattr(event_bus, "client", lambda *_, **__: events)
    with Stubber(events) as stubbed:
        yield stubbed


def test_an_event_is_put_under_its_source_at_its_moment(bus: Stubber) -> None:
    entry = {"Source": "company", "DetailType": "EmotionRecorded", "Detail": '{"score": 0.5}', "Time": AT}
    bus.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
    EventBus("company").tell("EmotionRecorded", {"score": 0.5}, at=AT)
    bus.assert_no_pending_responses()


def test_an_event_that_is_not_taken_is_tried_again(bus: Stubber) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}]}
    bus.add_response("put_events", refused)
    with pytest.raises(NotNowError, match="ThrottlingException"):
        EventBus("company").tell("EmotionRecorded", {}, at=AT)
    bus.add_client_error("put_events", "InternalException")
    with pytest.raises(NotNowError, match="InternalException"):
        EventBus("company").tell("EmotionRecorded", {}, at=AT)
