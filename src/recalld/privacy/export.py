"""Export: everything stored about a person, in a stable order.

As Markdown or one self-contained HTML page for people, as JSON for machines (`docs/reference/export-format.md`). It is read and rendered
page by page, so a person with a long history needs no more memory than one with a short one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from recalld.errors import Fenced, InvalidInput
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.privacy.export_forms import FORMS, Form
from recalld.values import UserRef

_SQL = beside(__file__, "export.sql")

PAGE = 500
Row = Mapping[str, Any]
ExportFormat = Literal["markdown", "html", "json"]

# What was erased of a person, of all that the audit tells.
DELETIONS = (
    *("fact.deleted", "episode.deleted", "session.deleted", "message.deleted", "retention.deleted"),
    "consent.withdrawn",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of the document."""

    name: str  # of its query, and of its title
    key: tuple[str, ...]  # the columns it is ordered by, after which the next page begins


NOW = Section(name="now", key=("attribute", "valid_from", "fact_id", "version"))
TIMELINE = Section(name="timeline", key=("valid_from", "fact_id", "version"))
OPENINGS: Mapping[str, Section] = {"markdown": NOW, "html": TIMELINE}  # what a person sees first
SECTIONS = (
    Section(name="purposes", key=("purpose",)),
    Section(name="consents", key=("purpose",)),
    Section(name="facts", key=("attribute", "valid_from", "fact_id", "version")),
    Section(name="statements", key=("said_at", "statement_id")),
    Section(name="episodes", key=("ended_at", "episode_id")),
    Section(name="sessions", key=("started_at", "session_id")),
    Section(name="usage", key=("day", "component", "model")),
    Section(name="deletions", key=("seq",)),
    Section(name="audit", key=("seq",)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """Reads a person's memory whole, under every purpose: the worker's role has no purpose policy."""

    database: Database
    audit: Audit

    async def export(self, user: UserRef, *, format: ExportFormat) -> str:  # noqa: A002 -- the word of the API
        """The document. Raises `InvalidInput` for another format."""
        return "".join([chunk async for chunk in self.chunks(user, format=format)])

    async def chunks(self, user: UserRef, *, format: ExportFormat) -> AsyncGenerator[str]:  # noqa: A002
        """The document in pieces. Raises `InvalidInput` for another format, `Fenced` when the person is erased meanwhile."""
        if format not in FORMS:
            raise InvalidInput(f"format {format!r} is not known; one of {', '.join(sorted(FORMS))}")
        form, opening = FORMS[format](), OPENINGS.get(format)
        epoch, about = await self._about(user)
        told = 0
        try:
            yield form.begin(about)
            for section in (*([opening] if opening else ()), *SECTIONS):
                async for rows, text in self._section(form, user, epoch, section):
                    told += rows if section.name != "audit" else 0
                    yield text
            yield form.end()
        finally:
            self.audit.note(user, "export.read", count=told)

    async def _about(self, user: UserRef) -> tuple[int, Row]:
        """Under which epoch it lies, and whose it is."""
        async with self.database.transaction("worker", user) as tx:
            scope = await tx.row(_SQL["scope"])
            hold = await tx.row(_SQL["hold"])
        since = scope["created_at"] if scope else None
        about = {"tenant_id": user.tenant_id, "user_id": user.user_id, "since": since, "hold": hold}
        return scope["epoch"] if scope else 0, about

    async def _section(
        self, form: Form, user: UserRef, epoch: int, section: Section
    ) -> AsyncGenerator[tuple[int, str]]:
        """A section as pieces of text, each with the number of its rows."""
        yield 0, form.open_section(section.name)
        after: Mapping[str, Any] = dict.fromkeys(section.key)
        empty = True
        while rows := await self._page(user, epoch, section, after):
            yield len(rows), form.items(section.name, rows)
            empty = False
            if len(rows) < PAGE:
                break
            after = {column: rows[-1][column] for column in section.key}
        yield 0, form.close_section(empty=empty)

    async def _page(self, user: UserRef, epoch: int, section: Section, after: Mapping[str, Any]) -> Sequence[Row]:
        """A transaction per page: no connection is held while the reader takes its time."""
        if section.name in {"deletions", "audit"}:
            actions = DELETIONS if section.name == "deletions" else None
            events = await self.audit.about(user, after=after["seq"] or 0, limit=PAGE, actions=actions)
            return [asdict(event) for event in events]
        async with self.database.transaction("worker", user) as tx:
            scope = await tx.row(_SQL["scope"])
            if (scope["epoch"] if scope else 0) != epoch:
                raise Fenced("the person was erased while the export was under way; nothing is left to export")
            place = {f"after_{column}": value for column, value in after.items()}
            rows = await tx.rows(_SQL[section.name], epoch=epoch, limit=PAGE, **place)
            return await _with_messages(tx, rows, epoch) if section.name == "sessions" else rows


async def _with_messages(tx: Transaction, sessions: Sequence[Row], epoch: int) -> Sequence[Row]:
    names = [session["session_id"] for session in sessions]
    said: dict[str, list[Row]] = {name: [] for name in names}
    for message in await tx.rows(_SQL["messages"], epoch=epoch, session_ids=names):
        said[message["session_id"]].append({name: value for name, value in message.items() if name != "session_id"})
    return [{**session, "messages": said[session["session_id"]]} for session in sessions]
