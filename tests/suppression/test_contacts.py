"""One address has one hash, however it is written, and nobody finds the address in it."""

import pytest

from beforehand.outreach.model import Channel
from beforehand.outreach.suppression.contacts import UnreadableAddressError, channels_of, contact_hash

PEPPER = bytes(range(32))


@pytest.mark.parametrize(
    "written",
    ["Asha.Rao@Example.COM", " asha.rao@example.com ", "Asha Rao <asha.rao@example.com>", "asha.rao@example.com."],
)
def test_an_e_mail_address_is_one_however_it_is_written(written: str) -> None:
    assert contact_hash(Channel.EMAIL, written, PEPPER) == contact_hash(
        Channel.EMAIL, "asha.rao@example.com", PEPPER
    )


def test_a_domain_is_one_in_both_of_its_forms() -> None:
    there, here = (contact_hash(Channel.EMAIL, one, PEPPER) for one in ("a@münchen.de", "a@xn--mnchen-3ya.DE"))
    assert there == here


def test_messages_and_calls_go_to_the_same_number() -> None:
    sms, voice = (
        contact_hash(Channel.SMS, "+91 98765-43210", PEPPER), contact_hash(Channel.VOICE, "+919876543210", PEPPER)
    )  # fmt: skip
    assert sms == voice
    assert channels_of(Channel.SMS) == {Channel.SMS, Channel.VOICE}
    assert channels_of(Channel.EMAIL) == {Channel.EMAIL}


def test_another_address_kind_or_pepper_is_another_hash() -> None:
    hashes = {
        contact_hash(Channel.EMAIL, "asha@example.com", PEPPER),
        contact_hash(Channel.EMAIL, "asha+news@example.com", PEPPER),
        contact_hash(Channel.WEBHOOK, "asha@example.com", PEPPER),
        contact_hash(Channel.EMAIL, "asha@example.com", bytes(32)),
    }
    assert len(hashes) == 4
    assert all(len(one) == 64 and set(one) <= set("0123456789abcdef") for one in hashes)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ravi"), (Channel.EMAIL, "@example.org"), (Channel.EMAIL, "ravi@"), (Channel.EMAIL, ""),
        (Channel.EMAIL, "asha rao@example.com"), (Channel.EMAIL, "asha@a..b"),
        (Channel.SMS, "9876500001"), (Channel.SMS, "+0123456789"), (Channel.VOICE, "+91x98765432"),
        (Channel.WEBHOOK, " "),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_quoted(channel: Channel, address: str) -> None:
    with pytest.raises(UnreadableAddressError, match=r"^This is not an? ") as refused:
        contact_hash(channel, address, PEPPER)
    assert not address.strip() or address not in str(refused.value)
