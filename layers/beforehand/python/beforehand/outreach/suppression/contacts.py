"""One address as a hash: the same for every way of writing it, and told to nobody without the pepper."""

import hmac
import re
from functools import lru_cache

from beforehand.errors import BeforehandError
from beforehand.outreach.model import Channel

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
BETWEEN_DIGITS = re.compile(r"[\s().-]")

KINDS = {Channel.EMAIL: "email", Channel.SMS: "phone", Channel.VOICE: "phone", Channel.WEBHOOK: "webhook"}
"""What an address of a channel is. Messages and calls go to the same number, so who stops one stops the other."""


class UnreadableAddressError(BeforehandError):
    """An address is not of the kind that its channel takes; the message does not quote it."""


def contact_hash(channel: Channel, address: str, pepper: bytes) -> str:
    """An address as 64 hexadecimal digits: HMAC-SHA256 under the pepper over the kind and the one form it has.

    Raises UnreadableAddressError for what is no address of the channel.
    """
    kind = KINDS[channel]
    said = f"contact\x1f{kind}\x1f{FORMS[kind](address)}"
    return hmac.digest(pepper, said.encode(), "sha256").hex()


def channels_of(channel: Channel) -> frozenset[Channel]:
    """Every channel that reaches the same address."""
    return frozenset(one for one, kind in KINDS.items() if kind == KINDS[channel])


def email_form(address: str) -> str:
    """An e-mail address in small letters, its domain in the form that name servers know.

    By the standard `Asha@` and `asha@` may be two people. No provider of note keeps them apart, and to leave one
    alone who did not ask for it is the smaller mistake.
    """
    bare = address.strip()
    if bare.endswith(">") and "<" in bare:
        bare = bare[bare.rindex("<") + 1 : -1].strip()
    local, at, domain = bare.rpartition("@")
    ascii_domain = _domain_form(domain)
    if not (at and local and ascii_domain) or bare.split() != [bare]:
        raise UnreadableAddressError("This is not an e-mail address; write it as asha@example.com")
    return f"{local.lower()}@{ascii_domain}"


@lru_cache(maxsize=4096)
def _domain_form(domain: str) -> str:
    """A domain as name servers know it, or nothing."""
    try:
        return domain.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""


def phone_form(number: str) -> str:
    """A phone number as E.164; how its digits are grouped does not matter."""
    bare = BETWEEN_DIGITS.sub("", number)
    if not PHONE.fullmatch(bare):
        raise UnreadableAddressError(
            "This is not a phone number in its international form; write it as +919876543210"
        )
    return bare


def _as_it_is(address: str) -> str:
    if not address.strip():
        raise UnreadableAddressError("This is not an address; it is empty")
    return address.strip()


FORMS = {"email": email_form, "phone": phone_form, "webhook": _as_it_is}
