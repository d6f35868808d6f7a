"""Unsubscribe links: ours are understood for ever, and no other is."""

import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.model import Channel
from beforehand.outreach.suppression import tokens
from beforehand.outreach.suppression.tokens import InvalidTokenError, Unsubscribe, issue, url, verify

PEPPER = bytes(range(32))
ASKED = Unsubscribe(outreach_id=UUID(int=7), channel=Channel.EMAIL, contact_hash="ab" * 32)
TOKEN = issue(ASKED, PEPPER)
ALPHABET = string.ascii_letters + string.digits + "-_"


@given(
    outreach_id=st.uuids(),
    channel=st.sampled_from(Channel),
    contact_hash=st.binary(min_size=32, max_size=32).map(bytes.hex),
    pepper=st.binary(min_size=32, max_size=32),
)
def test_a_link_says_what_it_was_issued_for(
    outreach_id: UUID, channel: Channel, contact_hash: str, pepper: bytes
) -> None:
    asked = Unsubscribe(outreach_id=outreach_id, channel=channel, contact_hash=contact_hash)
    token = issue(asked, pepper)
    assert verify(token, pepper) == asked
    assert set(token) <= set(ALPHABET)
    assert token == issue(asked, pepper)


def test_a_link_with_any_sign_changed_is_refused() -> None:
    for place, sign in enumerate(TOKEN):
        for other in ALPHABET:
            if other != sign:
                with pytest.raises(InvalidTokenError):
                    verify(TOKEN[:place] + other + TOKEN[place + 1 :], PEPPER)


@pytest.mark.parametrize(
    "token", ["", TOKEN[:-1], TOKEN + "A", TOKEN + "=", TOKEN[:-1] + "é", "+" * 88, "/" * 88, " " * 88]
)
def test_a_link_that_is_not_whole_is_refused_in_words(token: str) -> None:
    with pytest.raises(InvalidTokenError, match="This link is not"):
        verify(token, PEPPER)


def test_a_link_of_another_deployment_is_refused() -> None:
    with pytest.raises(InvalidTokenError, match="not one that we gave out"):
        verify(TOKEN, bytes(32))


def test_a_link_given_out_by_the_first_release_is_still_understood() -> None:
    first = "AQEAAAAAAAAAAAAAAAAAAAAHq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6vb5iROZwk8AgGjZZVHZrG9"
    assert verify(first, PEPPER) == ASKED
    assert tokens.VERSION == 1
    assert tokens.CHANNELS == {Channel.EMAIL: 1, Channel.SMS: 2, Channel.VOICE: 3, Channel.WEBHOOK: 4}


def test_a_link_is_a_place_of_the_api() -> None:
    assert url("https://api.example.com/", TOKEN) == f"https://api.example.com/u/{TOKEN}"
