"""Follow-ups through the deployed stacks: the company's bus tells, the desk sends, and what moves, moves."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.desk.test_outreach import mails, people, said
from tests.installation import Installation, Rows

__all__ = ["people"]
WHEN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=26)


def tell(installation: Installation, kind: str, **detail: Any) -> None:
    """As the company's own systems do."""
    bus = installation.deployment.client("events")
    entry = {"Source": "company", "DetailType": kind, "Detail": json.dumps(detail)}
    assert bus.put_events(Entries=[entry])["FailedEntryCount"] == 0


JOBS = """select job_id, template, status, scheduled_at from followups_v_jobs where customer_id = :id
          order by created_at"""


def shown(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(("job_id", "template", "status", "due"), row, strict=True)) for row in rows]


def followups(installation: Installation, customer: str) -> list[dict[str, Any]]:
    return shown(installation.rows(JOBS, id=customer))


def becomes(installation: Installation, customer: str, **fields: Any) -> dict[str, Any]:
    def those(rows: Rows) -> list[dict[str, Any]]:
        return [one for one in shown(rows) if fields.items() <= one.items()]

    return those(installation.comes(lambda rows: bool(those(rows)), JOBS, id=customer))[0]


def test_a_booking_that_is_over_becomes_a_mail_and_is_followed_up_once(people: Installation) -> None:
    for _ in range(2):
        tell(people, "BookingCompleted", booking_id="BK1", customer_id="OUT4", ends_at=WHEN.isoformat())
    job = becomes(people, "OUT4", status="executed")
    assert job["template"] == "post_event_neutral_emotion"
    assert len(followups(people, "OUT4")) == 1
    sent = mails(people, lambda mail: mail.to == ["dora@people.example"])
    assert len(sent) == 1
    assert "Dora" in sent[0].text
    monitored = people.rows("select id, status, executed_at >= scheduled_at from scheduled_followups")
    assert [job["job_id"], "executed", True] in monitored


def test_one_who_felt_bad_hears_of_a_person_first_and_a_booking_that_moves_moves_its_message(
    people: Installation,
) -> None:
    tell(
        people, "BookingMoved", booking_id="BK2", customer_id="OUT1", ends_at=(WHEN + timedelta(days=9)).isoformat()
    )
    tell(people, "EmotionRecorded", customer_id="OUT1", conversation_id="conv_1", text="terrible, I am so angry")
    job = becomes(people, "OUT1", template="emotion_check_in", status="pending")
    [case] = people.rows("select kind, role, otherwise from outreach_cases where customer_id = 'OUT1'")
    assert case == ["low_emotion", "operator", "send"]
    assert "See to OUT1" in said(people, "cases", "list", "--customer", "OUT1", "--json")
    assert mails(people, lambda mail: mail.to == ["asha@people.example"] and "Asha" in mail.text) == []
    tell(people, "BookingCancelled", booking_id="BK2")
    assert job["job_id"].startswith("checkin_OUT1_")


def test_the_long_inactive_are_asked_back_by_the_deployed_function(people: Installation) -> None:
    functions = people.deployment.client("lambda")
    name = people.deployment.outputs["FollowupsFindInactiveFunction"]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"due_at": WHEN.isoformat()}).encode())
    assert "FunctionError" not in answer
    told = json.loads(answer["Payload"].read())
    assert set(told) == {"inactive", "planned", "cancelled", "tidied"}
