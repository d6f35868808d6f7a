"""The screen of `why`: everything about one outreach, or one customer, in 80 columns and about forty lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

WIDTH = 80
LABEL = 10
MOST = {"reasons": 4, "gate": 3, "attempts": 2, "outcomes": 3, "cases": 1, "touched": 2, "last": 4, "next": 2}
"""How many of each are shown unless all are asked for; of what happened, the last."""

STYLES = {
    "held": "yellow", "scheduled": "cyan", "claimed": "cyan", "sent": "green", "delivered": "green",
    "skipped": "yellow", "expired": "yellow", "cancelled": "yellow", "failed": "red", "unknown": "red",
    "review": "red", "yes": "green", "no": "red", "waits": "yellow", "depends": "cyan", "different": "red",
    "same": "green", "cannot tell": "yellow",
}  # fmt: skip
MARKS = {"yes": "✓", "no": "✗", "waits": "…", "depends": "?"}

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line as it is shown; no markup is read in it."""

    text: str
    style: str = ""


def show(document: Document, *, zone: tzinfo | None, everything: bool, console: Console) -> None:
    """Prints the screen. Moments are shown in a zone; None is this machine's."""
    for line in lines(document, zone=zone, everything=everything):
        console.print(Text(line.text, style=line.style))


def lines(document: Document, *, zone: tzinfo | None, everything: bool) -> list[Line]:
    """The screen, line by line, none of them wider than 80 columns."""
    screen = _Screen(as_of=datetime.fromisoformat(document["as_of"]), zone=zone, everything=everything)
    told = screen.outreach(document["outreach"]) if document["outreach"] else screen.customer(document["customer"])
    note = [] if " too; " not in document["resolved"] else [Line(text="")]
    note += list(screen.labelled("NOTE", [document["resolved"]], whole=True)) if note else []
    return [*told, *note]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Screen:
    as_of: datetime
    zone: tzinfo | None
    everything: bool

    def outreach(self, one: Document) -> Iterator[Line]:
        by = f"{_words(one['purpose'])} by {one['channel']} for {one['customer_id']}, in {one['language']}"
        follows = f", re-attempt {one['step']}" if one["step"] else ""
        yield from self._head(f"outreach {one['outreach_id']}", by + follows)
        state = one["state"]
        told = [f"since {self._at(one['since'])}"]
        told += [text for text in (one["because"], one["waits"]) if text]
        yield from self.labelled(state.upper(), told, style=f"bold {STYLES.get(state, '')}", whole=True)
        yield Line(text="")
        yield from self._planned("PLANNED", one["planned"])
        yield from self._listed("GATE", "gate", one["gate"], self._gate)
        if not one["gate"]:
            yield from self._none("GATE", "it has not been looked at yet")
        yield from self._listed("ATTEMPTS", "attempts", one["attempts"], self._attempt)
        yield from self._listed("OUTCOMES", "outcomes", one["outcomes"], self._outcome)
        yield from self._listed("CASE", "cases", one["cases"], self._case)
        yield from self._listed("TOUCHED", "touched", one["touched"], self._touched)
        if one["message"]:
            yield from self._message(one["message"])

    def customer(self, one: Document) -> Iterator[Line]:
        known = (one[name] for name in ("segment", "loyalty_tier", "language", "zone", "country"))
        yield from self._head(f"customer {one['customer_id']}", ", ".join(str(k) for k in known if k) or "of whom "
                              "nothing else is known")  # fmt: skip
        contact = one["contact"]
        yield from self.labelled("CONTACT", [one["because"]], style=f"bold {STYLES[contact]}", whole=True)
        for check in one["checks"]:
            text = f"{MARKS[check['answer']]} {check['about']}: {check['because']}"
            yield from self.labelled("", [text], style=STYLES[check["answer"]])
        yield Line(text="")
        yield from self.labelled("HEALTH", [self._health(one)])
        if one["decided"]:
            yield from self._planned("DECIDED", one["decided"])
        yield from self._listed("CASES", "cases", one["cases"], self._case)
        yield from self._listed("LAST", "last", one["last"], self._past, first=True)
        yield from self._listed("NEXT", "next", one["next"], self._future, first=True)
        if not one["next"]:
            yield from self._none("NEXT", "nothing is planned")

    def labelled(self, label: str, texts: Sequence[str], *, style: str = "", whole: bool = False) -> Iterator[Line]:
        """Texts under one another beside a label; each in one line unless all is wanted, or it is to be whole."""
        for number, text in enumerate(texts):
            parts = _wrapped(text, WIDTH - LABEL) if whole or self.everything else [_cut(text, WIDTH - LABEL)]
            for place, part in enumerate(parts):
                name = label if number == place == 0 else ""
                yield Line(text=f"{name:<{LABEL}}{part}".rstrip(), style=style if number == 0 else "")

    def _head(self, title: str, below: str) -> Iterator[Line]:
        yield Line(text=_cut(f"WHY       {title}", WIDTH), style="bold")
        yield from self.labelled("", [below], whole=True)
        yield Line(
            text=_cut(f"{'':<{LABEL}}as of {self._at(self.as_of.isoformat())} {self._zone()}", WIDTH), style="dim"
        )
        yield Line(text="─" * WIDTH, style="dim")

    def _none(self, label: str, text: str) -> Iterator[Line]:
        yield Line(text="")
        yield from self.labelled(label, [text], style="dim")

    def _planned(self, label: str, one: Document) -> Iterator[Line]:
        rule = one["rule"] if one["rule"].startswith(one["by"]) else f"{one['by']} {one['rule']}".strip()
        yield from self.labelled(
            label, [f"{self._at(one['at'])}  {one['action']}, by {_words(rule)}"], style="bold"
        )
        if self.everything or not one["reasons"]:
            yield from self.labelled("", [one["because"]])
        shown = one["reasons"] if self.everything else one["reasons"][: MOST["reasons"]]
        for reason in shown:
            yield from self.labelled("", [f"· {reason}"])
        yield from self._more(len(one["reasons"]) - len(shown))

    def _listed(
        self, label: str, name: str, found: Sequence[Document], tell: Any, *, first: bool = False
    ) -> Iterator[Line]:
        """The last of a list, or the first of one whose newest come first; and how many more there are."""
        if not found:
            return
        yield Line(text="")
        most = len(found) if self.everything else MOST[name]
        shown = found[:most] if first else found[-most:]
        for number, one in enumerate(shown):
            head, *rest = tell(one)
            yield from self.labelled(label if number == 0 else "", [head], style=_style_of(one))
            for text in rest:
                yield from self.labelled("", [f"  {text}"])
        yield from self._more(len(found) - len(shown))

    def _more(self, left: int) -> Iterator[Line]:
        if left > 0:
            yield Line(text=f"{'':<{LABEL}}… and {left} more: --all", style="dim")

    def _gate(self, one: Document) -> Iterator[str]:
        until = f" until {self._at(one['until'])}" if one["until"] else ""
        yield f"{self._at(one['at'])}  {one['action']}{until}, by {one['rule']}"
        yield one["because"]
        if one["replayed"]:
            yield f"replayed: {one['replayed']}: {one['replay_because']}"

    def _attempt(self, one: Document) -> Iterator[str]:
        ended = one["outcome"] or "under way"
        named = f"  {one['provider_id']}" if one["provider_id"] else ""
        at = self._at(one["ended_at"] or one["claimed_at"])
        yield f"{at}  {one['attempt']}. by {one['channel']}: {_words(ended)}{named}"
        if one["because"] and (self.everything or ended != "accepted"):
            yield one["because"]

    def _outcome(self, one: Document) -> Iterator[str]:
        yield f"{self._at(one['at'])}  {_words(one['kind'])}, says {one['provider']}: {one['did']}"

    def _case(self, one: Document) -> Iterator[str]:
        hand = {
            "open": f"open, due {self._at(one['due_at'])}",
            "taken": f"taken by {_who(one['taken_by'])}, due {self._at(one['due_at'])}",
            "done": f"{one['answer']} by {_who(one['done_by'])} at {self._at(one['done_at'] or one['due_at'])}",
        }[one["state"]]
        yield f"{self._at(one['opened_at'])}  {_words(one['kind'])}, {hand}"
        yield f"{one['subject']}: {one['because']}"
        if one["state"] != "done" and one["otherwise_because"]:
            yield one["otherwise_because"]
        elif one["state"] == "open" and one["otherwise"]:
            ends = "the message goes" if one["otherwise"] == "send" else "nothing is sent"
            yield f"if nobody takes it by {self._at(one['otherwise_at'])}, {ends}"

    def _touched(self, one: Document) -> Iterator[str]:
        who = f"{_who(one['who'])} ({one['role'] or 'task'})"
        because = one["because"].replace(one["who"], _who(one["who"]))
        yield f"{self._at(one['at'])}  {one['action']} by {who}: {because}"

    def _past(self, one: Document) -> Iterator[str]:
        yield f"{self._at(one['since'])}  {one['state']}: {_words(one['purpose'])} by {one['channel']}"
        yield one["state_because"] or one["because"]
        if self.everything:
            yield f"beforehand why {one['outreach_id']}"

    def _future(self, one: Document) -> Iterator[str]:
        at = one["next_at"] or (one["due_at"] if one["state"] == "scheduled" else None)
        when = self._at(at) if at else "no time"
        hold = f" for {_words(one['hold'])}" if one["hold"] else ""
        yield f"{when}  {one['state']}{hold}: {_words(one['purpose'])} by {one['channel']}"
        yield one["state_because"] or one["because"]
        yield f"beforehand why {one['outreach_id']}"

    def _message(self, one: Document) -> Iterator[Line]:
        yield Line(text="")
        told = [one["subject"], *one["body"].splitlines()]
        if one["template"]:
            told.insert(0, f"template {one['template']}, version {one['template_version']}")
        yield from self.labelled("MESSAGE", told, whole=True)

    def _health(self, one: Document) -> str:
        if one["health"] is None or one["risk"] is None:
            return "not scored: too little is known, or the next scan does it"
        since = f", at risk since {one['at_risk_since']}" if one["at_risk_since"] else ""
        known = f"; {one['coverage']:.0%} of what counts is known"
        return f"{one['health']:.1f}%, churn risk {one['risk']:.1%}{since}{known}"

    def _at(self, moment: str) -> str:
        there = datetime.fromisoformat(moment).astimezone(self.zone)
        same = there.year == self.as_of.astimezone(self.zone).year
        return f"{there:%d %b %H:%M}" if same else f"{there:%d %b %Y %H:%M}"

    def _zone(self) -> str:
        return self.as_of.astimezone(self.zone).tzname() or ""


def _style_of(one: Document) -> str:
    return STYLES.get(str(one.get("replayed") or one.get("state") or ""), "")


def _words(text: str) -> str:
    return text.replace("_", " ")


def _who(user: str | None) -> str:
    """A user's id is long: its beginning tells people apart on a screen; `--json` has it whole."""
    return "nobody" if user is None else user if len(user) <= 20 else f"{user[:8]}…"


def _cut(text: str, width: int) -> str:
    """The text in one line, with an ellipsis where it does not fit."""
    flat = " ".join(text.splitlines())
    return flat if cell_len(flat) <= width else set_cell_size(flat, width - 1).rstrip() + "…"


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines that fit, by the columns that each sign takes; a word that is too long is parted."""
    found: Iterable[Text] = Text(text).wrap(Console(width=width), width, overflow="fold", tab_size=4)
    return [line.plain.rstrip() for line in found] or [""]
