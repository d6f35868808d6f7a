"""The routes of emotions: record how a customer felt, and look at how they felt of late."""

from http import HTTPStatus

from beforehand.api.problems import not_found, refuse
from beforehand.api.routes import Call, Routes
from beforehand.followups.calls import reader_of
from beforehand.followups.emotion import read
from beforehand.followups.emotion_documents import (
    EmotionHistory,
    EmotionKept,
    EmotionsAsked,
    NewEmotion,
    ShownEmotion,
)
from beforehand.followups.model import Emotion, Kind, Known, Wish
from beforehand.followups.news import emotion_id
from beforehand.followups.reading_store import PostgresFollowUps
from beforehand.followups.rules import choose, mean
from beforehand.followups.store import PostgresJobs
from beforehand.followups.wiring import rules_of

routes = Routes()


@routes.add("POST /v1/emotions", status=HTTPStatus.CREATED, refuses=(HTTPStatus.NOT_FOUND,))
def record_emotion(call: Call, body: NewEmotion) -> EmotionKept:
    """Record how a customer felt; what waits for them is written as it fits, and a person is asked where they felt
    bad."""
    _known(call, body.customer_id, body.conversation_id)
    at = body.at or call.now
    if at > call.now:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", {"at": "lies in the future"})
    score = read(body.text, body.language) if body.text is not None else body.score
    assert score is not None
    emotion = Emotion(
        emotion_id=emotion_id(call.caller.user, call.key), customer_id=body.customer_id,
        conversation_id=body.conversation_id, score=score, read_by="given" if body.text is None else "lexicon",
        at=at,
    )  # fmt: skip
    done = reader_of(call).feel(emotion)
    if not done.known:
        call.audit("emotion.record", emotion.emotion_id, customer_id=body.customer_id, because=done.because,
                   after={"score": score})  # fmt: skip
    return EmotionKept(score=score, planned=done.planned, rewritten=done.rewritten, because=done.because)


@routes.add("GET /v1/emotions", refuses=(HTTPStatus.NOT_FOUND,))
def list_emotions(call: Call, query: EmotionsAsked) -> EmotionHistory:
    """List how a customer felt of late, the mean of the last five, and the template that it leads to."""
    known = _known(call, query.customer, query.conversation)
    found = PostgresFollowUps(call.transaction).emotions(query.customer, query.conversation, query.limit)
    choice = choose(Kind.POST_EVENT, known, rules_of(call.settings))
    return EmotionHistory(
        items=tuple(ShownEmotion(**row) for row in found),
        mean=mean(known.scores),
        template=choice.template,
        because=choice.because,
    )


def _known(call: Call, customer_id: str, conversation_id: str | None) -> Known:
    """What is known of somebody. Raises the refusal of a customer that is not there."""
    wish = Wish(kind=Kind.POST_EVENT, customer_id=customer_id, key="", due_at=call.now, because="",
                conversation_id=conversation_id)  # fmt: skip
    [known] = PostgresJobs(call.transaction).known([wish])
    if known is None:
        raise not_found("customer")
    return known
