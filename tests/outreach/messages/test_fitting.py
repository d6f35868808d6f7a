"""Whoever claims a message asks whether its words fit; what fits, whoever sends it can lay out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beforehand.outreach.messages.compose import compose
from beforehand.outreach.messages.fitting import fit
from beforehand.outreach.messages.model import Company, UncomposableError
from beforehand.outreach.model import Channel

COMPANIES = (
    Company(name="Lotus"),
    Company(name="Lotus \u202e", postal_address="1 Mill Road\n\nPune", support_url="https://lotus.example/help"),
    Company(name="Lotus", support_url="http://lotus.example"),
)
LEAVE = (
    None,
    "https://lotus.example/u/abc-_",
    "http://localhost:8080/u/a",
    "http://lotus.example/u/a",
    "no address",
)


@given(
    channel=st.sampled_from(Channel),
    subject=st.text(max_size=30) | st.just("s" * 999),
    body=st.text(max_size=200) | st.sampled_from(["b" * 1_600, "b" * 50_001, "see https://a.example/b?c=d."]),
    language=st.sampled_from(["en", "hi_IN", "xx", "", "de-AT", "not a tag"]) | st.text(max_size=8),
    company=st.sampled_from(COMPANIES),
    leave=st.sampled_from(LEAVE),
)
def test_what_fits_is_laid_out_and_nothing_else_is(
    channel: Channel, subject: str, body: str, language: str, company: Company, leave: str | None
) -> None:
    how = {"channel": channel, "language": language, "company": company, "unsubscribe_url": leave}
    try:
        words = fit(subject=subject, body=body, **how)
    except UncomposableError as error:
        with pytest.raises(UncomposableError, match=r".") as refused:
            compose(subject=subject, body=body, **how)
        assert str(refused.value) == str(error)
        return
    assert fit(subject=words.subject, body=words.body, **how) == words
    assert compose(subject=words.subject, body=words.body, **how) == compose(subject=subject, body=body, **how)
