"""Export: everything stored about a person, in a stable order.

As Markdown or one self-contained HTML page for people, as JSON for machines (`docs/reference/export-format.md`). It is read and rendered
page by page, so a person with a long history needs no more memory than one with a short one, except for facts, which are few.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Whole:
    """What is few enough to be read at once."""

    epoch: int
    about: Row  # tenant_id, user_id, since, hold
    sections: Mapping[str, Sequence[Row]]


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
        form: Form = FORMS[format]()
        whole = await self._whole(user)
        events = [asdict(event) for event in await self.audit.about(user)]
        self.audit.note(user, "export.read", count=sum(map(len, whole.sections.values())))
        yield form.begin(whole.about, whole.sections["facts"])
        for name in ("purposes", "consents", "facts", "statements"):
            yield form.section(name, whole.sections[name])
        async for piece in self._paged(form, user, whole.epoch):
            yield piece
        yield form.section("usage", whole.sections["usage"])
        yield form.section("deletions", [event for event in events if event["action"].endswith(".deleted")])
        yield form.section("audit", events)
        yield form.end()

    async def _whole(self, user: UserRef) -> _Whole:
        async with self.database.transaction("worker", user) as tx:
            scope = await tx.row(_SQL["scope"])
            epoch = scope["epoch"] if scope else 0
            hold = await tx.row(_SQL["hold"])
            sections: dict[str, Sequence[Row]] = {"purposes": await tx.rows(_SQL["purposes"])}
            for name in ("consents", "facts", "statements", "usage"):
                sections[name] = await tx.rows(_SQL[name], epoch=epoch)
        since = scope["created_at"] if scope else None
        about = {"tenant_id": user.tenant_id, "user_id": user.user_id, "since": since, "hold": hold}
        return _Whole(epoch=epoch, about=about, sections=sections)

    async def _paged(self, form: Form, user: UserRef, epoch: int) -> AsyncGenerator[str]:
        """Episodes and sessions, a page per transaction: no connection is held while the reader takes its time."""
        for name, time, key in (("episodes", "ended_at", "episode_id"), ("sessions", "started_at", "session_id")):
            yield form.open_section(name)
            after: tuple[datetime | None, str] = (None, "")
            empty = True
            while rows := await self._page(user, name, epoch, after):
                yield form.items(name, rows)
                after, empty = (rows[-1][time], rows[-1][key]), False
            yield form.close_section(empty=empty)

    async def _page(self, user: UserRef, name: str, epoch: int, after: tuple[datetime | None, str]) -> Sequence[Row]:
        async with self.database.transaction("worker", user) as tx:
            scope = await tx.row(_SQL["scope"])
            if (scope["epoch"] if scope else 0) != epoch:
                raise Fenced("the person was erased while the export was under way; nothing is left to export")
            rows = await tx.rows(_SQL[name], epoch=epoch, after_time=after[0], after_id=after[1], limit=PAGE)
            return await _with_messages(tx, rows, epoch) if name == "sessions" else rows


async def _with_messages(tx: Transaction, sessions: Sequence[Row], epoch: int) -> Sequence[Row]:
    names = [session["session_id"] for session in sessions]
    said: dict[str, list[Row]] = {name: [] for name in names}
    for message in await tx.rows(_SQL["messages"], epoch=epoch, session_ids=names):
        said[message["session_id"]].append({name: value for name, value in message.items() if name != "session_id"})
    return [{**session, "messages": said[session["session_id"]]} for session in sessions]
