"""Takes out of texts what no message may carry: ends of line in a subject, control characters, false links."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from beforehand.outreach.messages.model import UncomposableError

MOST_SUBJECT = 998
"""Characters of a line of a header (RFC 5322, 2.1.1)."""
MOST_TEXT = 50_000
"""Characters of a message's text; mail programs cut a message at about 100 KB."""
MOST_URL = 2_000

# What an address may consist of (RFC 3986): other scripts come as punycode, so no letter passes for another.
URL_SIGNS = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]"
LINK = re.compile(rf"https://{URL_SIGNS}+")
URL = re.compile(rf"https?://{URL_SIGNS}+")
ORIGIN = re.compile(r"https?://[^/?#]*")
ENDS_NO_LINK = ".,;:!?)]'"

# What Unicode calls a control character (Cc), and what parts lines and paragraphs (Zl, Zp).
BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Signs that turn the direction of what follows: with them one text passes for another.
TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clean_subject(subject: str) -> str:
    """The subject on one line, without what steers a terminal or a header. Raises UncomposableError if too long.

    Ends of line, tabs, NUL and other control characters become a space.
    """
    plain = " ".join(BREAKS.sub(" ", _readable(subject).translate(TURNS)).split())
    if len(plain) > MOST_SUBJECT:
        raise UncomposableError(
            f"The subject has {len(plain)} characters; a header takes at most {MOST_SUBJECT}: shorten it"
        )
    return plain


def clean_text(text: str) -> str:
    """The text with plain ends of line and no control characters. Raises UncomposableError if it is too long."""
    lines = re.sub(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", _readable(text))
    plain = CONTROLS.sub("", lines)
    plain = "\n".join(line.rstrip() for line in plain.split("\n")).strip()
    if len(plain) > MOST_TEXT:
        raise UncomposableError(f"The text has {len(plain)} characters; a message takes at most {MOST_TEXT}")
    return plain


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a clean text: what blank lines part."""
    return [part.strip("\n") for part in re.split(r"\n{2,}", text) if part.strip()]


def checked_url(url: str, what: str) -> str:
    """The address, if a message may carry it: https, or http on this machine. Raises UncomposableError."""
    if len(url) <= MOST_URL and URL.fullmatch(url) and _is_safe(url):
        return url
    raise UncomposableError(
        f"{what} is no address that a message may carry: give one that begins with https://, names a host and no "
        f"user, and has at most {MOST_URL} characters of plain ASCII"
    )


def link_at(text: str, start: int) -> tuple[int, int] | None:
    """Where the next https address of a text begins and ends, from `start` on; None where there is none."""
    for found in LINK.finditer(text, start):
        url = found.group().rstrip(ENDS_NO_LINK)
        if len(url) <= MOST_URL and _is_safe(url):
            return found.start(), found.start() + len(url)
    return None


def _readable(text: str) -> str:
    """The text with half characters, which no encoding carries, shown as such."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_safe(url: str) -> bool:
    return _is_safe_origin(ORIGIN.match(url).group())  # type: ignore[union-attr]


@lru_cache(maxsize=1024)
def _is_safe_origin(origin: str) -> bool:
    """Whether a scheme with a host is one that a message may lead to; many addresses share theirs."""
    try:
        parts = urlsplit(origin)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or _is_here(host)


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
