"""The forms of an export: JSON for machines, Markdown and HTML for people. Functions from rows to text; nothing is read here."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from typing import Any

SCHEMA = "recalld-export-1"
Row = Mapping[str, Any]

TITLES = {
    "now": "What holds now",
    "timeline": "Timeline",
    "purposes": "Purposes that the tenant declared",
    "consents": "Consents",
    "facts": "Facts, current and past",
    "statements": "What the facts rest on",
    "episodes": "Episodes",
    "sessions": "Sessions",
    "usage": "What model calls took",
    "deletions": "Parts that were erased",
    "audit": "Who did what with this memory",
}


class Form(ABC):
    """One way to write an export, piece by piece."""

    @abstractmethod
    def begin(self, about: Row) -> str:
        """What comes first: whose it is."""

    @abstractmethod
    def open_section(self, name: str) -> str:
        """The beginning of a section."""

    @abstractmethod
    def items(self, name: str, rows: Sequence[Row]) -> str:
        """Some of its items, at least one."""

    @abstractmethod
    def close_section(self, *, empty: bool) -> str:
        """Its end."""

    @abstractmethod
    def end(self) -> str:
        """What comes last."""


class JsonForm(Form):
    """One object: a line per item, keys sorted, times in ISO 8601."""

    _first = True  # whether the next item is the first of its section

    def begin(self, about: Row) -> str:
        """The schema and whose it is."""
        head = {"schema": SCHEMA, **about}
        return "{\n" + ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in head.items())

    def open_section(self, name: str) -> str:
        """Its key."""
        self._first = True
        return f",\n{_json(name)}: ["

    def items(self, name: str, rows: Sequence[Row]) -> str:  # noqa: ARG002 -- all look alike
        """A line each."""
        before, self._first = ("\n" if self._first else ",\n"), False
        return before + ",\n".join(map(_json, rows))

    def close_section(self, *, empty: bool) -> str:  # noqa: ARG002 -- an empty list needs no word
        """The end of the list."""
        return "\n]"

    def end(self) -> str:
        """The end of the object."""
        return "\n}\n"


class MarkdownForm(Form):
    """A document that a person can read as it is."""

    def begin(self, about: Row) -> str:
        """The title."""
        return f"# What recalld remembers about {_marked(about['user_id'])}\n\n{_preface(about, _marked)}\n"

    def open_section(self, name: str) -> str:
        """The heading."""
        return f"\n## {TITLES[name]}\n\n"

    def items(self, name: str, rows: Sequence[Row]) -> str:
        """An item each, with what belongs to it below."""
        return "".join(self._item(name, row) for row in rows)

    def _item(self, name: str, row: Row) -> str:
        if name == "now":
            return f"- {_marked(row['text'])}\n"
        title, details, more = told(name, row)
        lines = [f"- **{_marked(title)}**", *(f"  - {_marked(line)}" for line in (*details, *more))]
        return "\n".join(lines) + "\n"

    def close_section(self, *, empty: bool) -> str:
        """A word when there is nothing."""
        return "Nothing.\n" if empty else ""

    def end(self) -> str:
        """Nothing more."""
        return ""


class HtmlForm(Form):
    """One page without anything from elsewhere: a timeline of facts, and all the rest below."""

    def begin(self, about: Row) -> str:
        """The head."""
        title = f"What recalld remembers about {escape(about['user_id'])}"
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n</head>\n<body>\n'
            f"<h1>{title}</h1>\n<p>{_preface(about, escape)}</p>\n"
        )

    def open_section(self, name: str) -> str:
        """The heading; episodes and sessions are timelines, too."""
        kind = ' class="timeline"' if name in {"timeline", "episodes", "sessions"} else ""
        return f'<section id="{name}">\n<h2>{TITLES[name]}</h2>\n<ol{kind}>\n'

    def items(self, name: str, rows: Sequence[Row]) -> str:
        """An item each; what is long opens on demand."""
        return "".join(self._item(name, row) for row in rows)

    def _item(self, name: str, row: Row) -> str:
        if name == "timeline":
            return _span(row)
        title, details, more = told(name, row)
        listed = "".join(f"<li>{escape(line)}</li>" for line in more)
        opened = f"<details><summary>{len(more)} more</summary><ul>{listed}</ul></details>" if more else ""
        return f"<li><strong>{escape(title)}</strong> <small>{escape('; '.join(details))}</small>{opened}</li>\n"

    def close_section(self, *, empty: bool) -> str:
        """A word when there is nothing."""
        return ("<li>Nothing.</li>\n" if empty else "") + "</ol>\n</section>\n"

    def end(self) -> str:
        """The end of the page."""
        return "</body>\n</html>\n"


FORMS: Mapping[str, Callable[[], Form]] = {"json": JsonForm, "markdown": MarkdownForm, "html": HtmlForm}

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8885; }
ol { padding-left: 1.2rem; } li { margin: .35rem 0; } small { color: #777; overflow-wrap: anywhere; }
.timeline { list-style: none; border-left: 3px solid #4a7; padding-left: 1rem; }
.timeline li::before { content: "●"; color: #4a7; margin-left: -1.45rem; margin-right: .6rem; }
.past { opacity: .6; }
"""


# ---------------------------------------------------------------- what a person reads of a row
Told = tuple[str, list[str], list[str]]  # the title, short details, and what may be long


def told(name: str, row: Row) -> Told:
    """A row in words."""
    return _TELLERS[name](row)


def _purpose(row: Row) -> Told:
    details = [f"legal basis: {row['legal_basis']}", "for everybody" if row["is_default"] else "only with consent"]
    for what in ("facts", "episodes"):
        days = row[f"{what}_days"]
        details.append(f"{what} kept {days} days" if days else f"{what} kept until erased")
    details += _dated(declared=row["declared_at"], withdrawn=row["withdrawn_at"])
    return f"{row['purpose']}: {row['description']}", details, []


def _consent(row: Row) -> Told:
    return f"{row['purpose']}: {'given' if row['given'] else 'withdrawn'}", _dated(on=row["decided_at"]), []


def _fact(row: Row) -> Told:
    believed = "" if row["retired_at"] is None else f"no longer believed since {_day(row['retired_at'])}"
    details = [
        f"{row['status']}, from {_day(row['valid_from'])} to {_day(row['valid_to'])}",
        f"purpose {row['purpose']}, {row['origin']}, confidence {row['confidence']:.2f}",
        f"confirmed {row['confirmations']} times, last {_day(row['confirmed_at'])}, recorded {_day(row['recorded_at'])}",
    ]
    return row["text"], details + [believed] * bool(believed) + _source(row), _quoted(row)


def _statement(row: Row) -> Told:
    what = {"state": "", "retract": "no longer: ", "correct": "corrected to: "}[row["act"]]
    details = [f"said {_day(row['said_at'])}, purpose {row['purpose']}, {row['origin']}"]
    return f"{row['attribute']}: {what}{row['value']}", details + _source(row), _quoted(row)


def _episode(row: Row) -> Told:
    about = [f"about {', '.join(row['topics'])}"] if row["topics"] else []
    details = [f"purpose {row['purpose']}", *about, f"told by {row['digest_by']}", *_source(row)]
    return f"{_day(row['ended_at'])}: {row['summary']}", details, list(row["points"])


def _session(row: Row) -> Told:
    details = [
        f"{row['state']}, purpose {row['purpose']}, {row['message_count']} messages",
        f"time zone {row['timezone']}",
    ]
    if row["no_memory"]:
        details.append("nothing of it is kept")
    if row["report"]:
        details.append(_reported(row["report"]))
    if row["kept_at"]:
        details.append("its messages are kept until a model has digested them")
    if row["error"]:
        details.append(f"last attempt failed: {row['error']}")
    working = [f"working state: {_json(row['working'])}"] if row["working"] else []
    said = [f"{message['role']}, {_minute(message['at'])}: {message['content']}" for message in row["messages"]]
    return f"{_day(row['started_at'])}: session {row['session_id']}", details, working + said


def _reported(report: Row) -> str:
    """What became of a session."""
    facts = ", ".join(f"{report.get(what, 0)} {what}" for what in ("added", "confirmed", "closed"))
    return f"became memory: facts {facts}; told by {report.get('by', 'nobody')}"


def _usage(row: Row) -> Told:
    calls = f"{row['calls']} calls ({row['failed']} failed)"
    tokens = f"{row['input_tokens']} tokens read, {row['output_tokens']} written"
    return (
        f"{_day(row['day'])}: {row['component']}, {row['model']}",
        [calls, tokens, f"{row['cost_usd']:f} US dollars"],
        [],
    )


def _event(row: Row) -> Told:
    details = [f"by {row['actor']}", f"{row['count']} entries"]
    if row["purposes"]:
        details.append(f"purposes {', '.join(row['purposes'])}")
    return f"{_minute(row['at'])}: {row['action']}", details, []


_TELLERS: Mapping[str, Callable[[Row], Told]] = {
    "purposes": _purpose,
    "consents": _consent,
    "facts": _fact,
    "statements": _statement,
    "episodes": _episode,
    "sessions": _session,
    "usage": _usage,
    "deletions": _event,
    "audit": _event,
}


def _span(fact: Row) -> str:
    kind = "now" if fact["status"] == "current" else "past"
    until = f" <small>until {_day(fact['valid_to'])}</small>" if fact["valid_to"] else ""
    return f'<li class="{kind}"><time>{_day(fact["valid_from"])}</time> {escape(fact["text"])}{until}</li>\n'


def _preface(about: Row, quoted: Callable[[str], str]) -> str:
    held = about["hold"]
    hold = f" It is under a legal hold since {_day(held['placed_at'])}: {quoted(held['reason'])}." if held else ""
    since = f"since {_day(about['since'])}" if about["since"] else "nothing so far"
    return f"Kept for {quoted(about['tenant_id'])}, {since}. All times are UTC.{hold}"


def _source(row: Row) -> list[str]:
    return [f"from session {row['session_id']}"] if row["session_id"] else []


def _quoted(row: Row) -> list[str]:
    return [f"said: “{row['quote']}”"] if row["quote"] else []


def _dated(**moments: datetime | None) -> list[str]:
    return [f"{name} {_day(moment)}" for name, moment in moments.items() if moment]


def _day(moment: date | None) -> str:
    return "open" if moment is None else _utc(moment).strftime("%Y-%m-%d")


def _minute(moment: datetime) -> str:
    return _utc(moment).strftime("%Y-%m-%d %H:%M")


def _utc(moment: date) -> date:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def _marked(text: str) -> str:
    """*text* on one line, without a meaning for Markdown."""
    return "".join(
        f"\\{character}" if character in "\\`*_[]<>#|" else character for character in " ".join(text.split())
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, date):  # a datetime, too
        return _utc(value).isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Iterable):
        return list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(f"no JSON form for {type(value).__name__}")
