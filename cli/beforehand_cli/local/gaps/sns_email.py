"""SNS and SES: e-mail subscriptions get their mail, and what was sent is kept over a restart.

The emulator only logs that a topic would have mailed somebody, and forgets every mail when it ends. Here a mail
from a topic lies beside those from SES, with the subject and the footer that SNS gives it. Unlike in AWS, a
subscription need not be confirmed by its receiver first.
"""

import copy
import time
import uuid
from typing import Any

from ministack.services import ses, sns

from beforehand_cli.local.mailbox import Mail

_FOOTER = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:
{unsubscribe}

Please do not reply directly to this email. If you have any questions or comments regarding this email, please \
contact us at https://aws.amazon.com/support
"""


def apply() -> None:
    """Mail what topics publish, and keep all mail with the emulator's state."""
    fan_out, get_state, restore = sns._fanout, ses.get_state, ses.load_persisted_state

    def fan_out_with_mail(
        topic_arn: str,
        message_id: str,
        message: str,
        subject: str = "",
        message_structure: str = "",
        message_attributes: dict[str, Any] | None = None,
        *rest: Any,
        **more: Any,
    ) -> Any:
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for subscription in topic["subscriptions"]:
            text = sns._resolve_message_for_protocol(message, message_structure, subscription["protocol"])
            if _wants(subscription, message_attributes or {}, text):
                _mail(topic, subscription, text, subject)
        return fan_out(
            topic_arn, message_id, message, subject, message_structure, message_attributes, *rest, **more
        )

    def get_state_with_mail() -> dict[str, Any]:
        return {**get_state(), "_sent_emails": copy.deepcopy(ses._sent_emails)}

    def restore_with_mail(data: dict[str, Any]) -> None:
        restore(data)
        if "_sent_emails" in data:
            ses._sent_emails.update(data["_sent_emails"])

    sns._fanout = fan_out_with_mail
    ses.get_state = get_state_with_mail
    ses.load_persisted_state = restore_with_mail


def captured_mail() -> list[Mail]:
    """Every mail of every account and region, newest first."""
    records = [record for entries in ses._sent_emails._data.values() for record in list(entries)]
    return sorted((Mail.of(record) for record in records), key=lambda mail: mail.at, reverse=True)


def _wants(subscription: dict[str, Any], attributes: dict[str, Any], text: str) -> bool:
    return (
        subscription["protocol"] == "email"
        and bool(subscription.get("confirmed"))
        and bool(sns._matches_filter_policy(subscription, attributes, text))
    )


def _mail(topic: dict[str, Any], subscription: dict[str, Any], text: str, subject: str) -> None:
    display_name = topic["attributes"].get("DisplayName")
    sender = display_name if display_name and display_name != topic["name"] else "AWS Notifications"
    unsubscribe = (
        "https://sns.amazonaws.com/unsubscribe.html?SubscriptionArn="
        f"{subscription['arn']}&Endpoint={subscription['endpoint']}"
    )
    ses._sent_emails_list().append(
        {
            "MessageId": str(uuid.uuid4()),
            "Source": f"{sender} <no-reply@sns.amazonaws.com>",
            "To": [subscription["endpoint"]],
            "CC": [],
            "BCC": [],
            "Subject": subject or "AWS Notification Message",
            "BodyText": text + _FOOTER.format(unsubscribe=unsubscribe),
            "BodyHtml": "",
            "Timestamp": time.time(),
            "Type": "sns.email",
        }
    )
