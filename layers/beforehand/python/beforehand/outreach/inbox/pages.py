"""The pages of an unsubscribe link: plain HTML without script, picture or anything from elsewhere."""

from html import escape

FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#222}}
button{{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#1f5fae;color:#fff}}</style>
</head><body><h1>{title}</h1>{body}</body></html>"""


def ask() -> str:
    """Asks before anything is done: programs that look into mail open links, and press no buttons."""
    return _page(
        "Unsubscribe",
        "Press the button, and we send no more messages to this address.",
        '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>',
    )


def done() -> str:
    """Says that it is done."""
    return _page("You are unsubscribed", "We send no more messages to this address. You can close this page.")


def refused(because: str) -> str:
    """Says why a link does nothing."""
    return _page("This link does not work", because + ".")


def later() -> str:
    """Says that it has to be tried again."""
    return _page(
        "Please try again", "We could not write it down just now. Please press the button again in a minute."
    )


def _page(title: str, text: str, more: str = "") -> str:
    return FRAME.format(title=escape(title), body=f"<p>{escape(text)}</p>{more}")
