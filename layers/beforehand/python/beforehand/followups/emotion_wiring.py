"""Puts `followups_read_emotion` together: it reads what somebody wrote, tells the score, and forgets the text."""

from beforehand.adapters.comprehend import Comprehend
from beforehand.adapters.event_bus import EventBus
from beforehand.errors import RefusedError
from beforehand.events.followups import EmotionRead, NewsArrived
from beforehand.followups import emotion
from beforehand.settings import from_environment
from beforehand.settings.followups import FollowupsReadEmotionSettings


def read_emotion(news: NewsArrived) -> EmotionRead:
    """Tells on the bus how somebody felt who wrote something. Told twice, it is kept once: it names its event."""
    settings, said = from_environment(FollowupsReadEmotionSettings), news.detail
    if said.text is None:
        raise RefusedError("there is no text to read")
    score, read_by = emotion.read(said.text, said.language), "lexicon"
    if settings.emotion_reader == "comprehend":
        try:
            score = Comprehend().sentiment(said.text, said.language or settings.company_language)
            read_by = "comprehend"
        except RefusedError:
            # A language that it does not read, say: the lexicon has done what can be done.
            pass
    detail = {
        "customer_id": said.customer_id, "conversation_id": said.conversation_id, "score": score,
        "read_by": read_by, "told_in": news.id,
    }  # fmt: skip
    EventBus(settings.events_source).tell(news.kind, detail, at=news.time)
    return EmotionRead(score=score, read_by=read_by)
