"""The journal: the durable copy of open sessions, and the session row that is the truth about each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from recalld.border import MAX_SESSION_MESSAGES
from recalld.errors import Conflict, Fenced, NotFound, SessionEnded, TooLarge
from recalld.postgres.pool import Pending, Transaction
from recalld.postgres.queries import beside
from recalld.values import Appended, Message, Opening, Session, SessionRef, SessionState, UserRef

_SQL = beside(__file__, "journal.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class UserRow:
    """The user's row, locked by the transaction that read it."""

    epoch: int
    facts_version: int
    episodes_version: int
    language: str


class Journal:
    """Sessions and messages in PostgreSQL. Every method runs in the caller's transaction and scope."""

    # ------------------------------------------------------------ the fence
    async def fence(self, tx: Transaction) -> int:
        """The user's epoch, held against an erasure until the transaction ends; begins the user when new."""
        row = await tx.row(_SQL["fence"])
        if row is None:
            await tx.execute(_SQL["add_user"])
            row = await tx.row(_SQL["fence"])
        assert row is not None  # noqa: S101 -- inserted just now, in this transaction
        return row["epoch"]

    async def epoch(self, tx: Transaction) -> int:
        """The user's epoch, for reads; 0, which no row carries, for an unknown user."""
        row = await tx.row(_SQL["epoch"])
        return 0 if row is None else row["epoch"]

    async def lock_user(self, tx: Transaction, epoch: int | None = None) -> UserRow:
        """The user's row, locked for a merge. Raises `Fenced` when *epoch* is not the current one any more."""
        if epoch is None:
            await tx.execute(_SQL["add_user"])
        row = await tx.row(_SQL["lock_user"])
        if row is None or epoch not in (None, row["epoch"]):
            raise Fenced("the user was erased meanwhile; nothing was written")
        return UserRow(**row)

    async def touch_user(self, tx: Transaction, *, facts: bool, episodes: bool) -> None:
        """Raise the versions of what changed."""
        await tx.execute(_SQL["touch_user"], facts=int(facts), episodes=int(episodes))

    # ------------------------------------------------------------ open sessions
    async def append(
        self, tx: Transaction, session_id: str, messages: Sequence[Message], opening: Opening, first_seq: int | None
    ) -> Appended:
        """Write *messages* at the end; with *first_seq*, the place of the first, only those that are not there yet.

        Raises `SessionEnded`, `Conflict` (a gap before *first_seq*), `TooLarge`.
        """
        for _attempt in range(3):
            row = await self._write(tx, session_id, messages, opening, first_seq)
            if row is not None:
                return Appended(epoch=row["epoch"], first_seq=row["first_seq"], messages=tuple(messages))
            epoch = await self.fence(tx)
            session = await self.find(tx, session_id)
            there = _already_there(session, session_id, len(messages), first_seq)
            messages = messages[there:]
            first_seq = first_seq + there if first_seq is not None else None
            if not messages:
                return Appended(epoch=epoch, first_seq=first_seq or 0, messages=())
        raise Conflict(f"another writer keeps changing session {session_id!r}; try again")

    async def _write(
        self, tx: Transaction, session_id: str, messages: Sequence[Message], opening: Opening, first_seq: int | None
    ) -> DictRow | None:
        times = [message.at for message in messages if message.at is not None]
        return await tx.row(
            _SQL["append"],
            session_id=session_id,
            purpose=opening.purpose,
            timezone=opening.timezone,
            no_memory=opening.no_memory,
            first_seq=first_seq,
            count=len(messages),
            limit=MAX_SESSION_MESSAGES,
            first_at=min(times),
            last_at=max(times),
            roles=[message.role for message in messages],
            names=[message.name for message in messages],
            contents=[message.content for message in messages],
            times=times,
        )

    async def set_state(self, tx: Transaction, session_id: str, epoch: int, state_json: str) -> None:
        """Replace the working state. Raises `NotFound` when there is no such open session."""
        cursor = await tx.execute(_SQL["set_state"], session_id=session_id, epoch=epoch, state=state_json)
        if cursor.rowcount == 0:
            raise NotFound(f"there is no open session {session_id!r}")

    async def find(self, tx: Transaction, session_id: str) -> Session | None:
        """One session of the current epoch."""
        row = await tx.row(_SQL["session"], session_id=session_id)
        return None if row is None or tx.user is None else session_of(tx.user, row)

    async def list(self, tx: Transaction, *, state: SessionState | None = None, limit: int = 100) -> list[Session]:
        """Sessions of the current epoch, newest first."""
        rows = await tx.rows(_SQL["sessions"], state=state, limit=limit)
        return [session_of(tx.user, row) for row in rows if tx.user is not None]

    async def read(self, tx: Transaction, session_id: str) -> tuple[list[Message], dict[str, Any], Session] | None:
        """Messages, working state and session from the durable copy; `None` for an unknown session."""
        found = await self.standing(tx, session_id)
        if found is None:
            return None
        session, state = found
        if session.state == "ingested":  # a journal that is kept for the model is nobody else's to read
            return [], state, session
        return await self.messages(tx, session_id, session.epoch), state, session

    async def standing(self, tx: Transaction, session_id: str) -> tuple[Session, dict[str, Any]] | None:
        """The session and its working state, without the messages; `None` for an unknown session."""
        return await (await self.ask_standing(tx, session_id)).read()

    async def ask_standing(self, tx: Transaction, session_id: str) -> Pending[tuple[Session, dict[str, Any]] | None]:
        """The same, to be read later."""
        assert tx.user is not None  # noqa: S101 -- sessions are read in the scope of a user
        rows = await tx.send(_SQL["session"], session_id=session_id)
        return Pending(rows, partial(_standing, tx.user))

    async def messages(self, tx: Transaction, session_id: str, epoch: int) -> list[Message]:
        """The messages of a session, oldest first."""
        return await tx.all(Message, _SQL["messages"], session_id=session_id, epoch=epoch)

    # ------------------------------------------------------------ from ended to ingested
    async def end(
        self, tx: Transaction, session_id: str, epoch: int, *, ended_at: datetime, lease: float
    ) -> Session | None:
        """Close an open session; `None` when it is not open. A *lease* in seconds above 0 is a first claim by the caller."""
        row = await tx.row(
            _SQL["end_session"],
            session_id=session_id,
            epoch=epoch,
            ended_at=ended_at,
            lease=lease,
            attempts=int(lease > 0),
        )
        return None if row is None or tx.user is None else session_of(tx.user, row)

    async def claim(self, tx: Transaction, session_id: str, epoch: int, *, lease: float) -> Session | None:
        """Take an ended session for *lease* seconds; `None` when there is nothing to take."""
        row = await tx.row(_SQL["claim"], session_id=session_id, epoch=epoch, lease=lease)
        return None if row is None or tx.user is None else session_of(tx.user, row)

    async def lock_ended(self, tx: Transaction, session_id: str, epoch: int) -> bool:
        """Lock the session of a merge; false when another worker finished it."""
        return await tx.row(_SQL["lock_ended"], session_id=session_id, epoch=epoch) is not None

    async def finish(self, tx: Transaction, session_id: str, *, episode_id: str | None, report: dict[str, Any]) -> None:
        """Mark the session ingested."""
        await tx.execute(_SQL["finish"], session_id=session_id, episode_id=episode_id, report=Jsonb(report))

    async def let_go(self, tx: Transaction, session_id: str) -> None:
        """Let the transcript of a session go."""
        await tx.execute(_SQL["delete_messages"], session_id=session_id)

    async def forget(self, tx: Transaction, session_id: str) -> None:
        """Remove the session and its messages: it leaves nothing behind."""
        await tx.execute(_SQL["delete_messages"], session_id=session_id)
        await tx.execute(_SQL["delete_session"], session_id=session_id)

    async def postpone(
        self, tx: Transaction, session_id: str, epoch: int, *, error: str, delay: float, max_attempts: int
    ) -> str | None:
        """Note a failed attempt; the new state, "ended" (tried again after *delay* seconds) or "failed"."""
        values = {"error": error, "delay": delay, "max_attempts": max_attempts}
        row = await tx.row(_SQL["postpone"], session_id=session_id, epoch=epoch, **values)
        return None if row is None else row["state"]

    async def replay(self, tx: Transaction, session_id: str, epoch: int) -> bool:
        """Give a failed session all its attempts again; false when it has not failed."""
        return await tx.row(_SQL["replay"], session_id=session_id, epoch=epoch) is not None

    # ------------------------------------------------------------ over all users, for the sweeper
    async def waiting(self, tx: Transaction, *, grace: float, limit: int) -> list[tuple[SessionRef, int]]:
        """Ended sessions that nobody holds, with their epochs."""
        return [ref_of(row) for row in await tx.rows(_SQL["sweep_ended"], grace=grace, limit=limit)]

    async def idle(self, tx: Transaction, *, idle: float, limit: int) -> list[tuple[SessionRef, int, datetime]]:
        """Open sessions in which nothing was said for *idle* seconds: with epoch and time of the last message."""
        return [
            (*ref_of(row), row["last_message_at"]) for row in await tx.rows(_SQL["sweep_idle"], idle=idle, limit=limit)
        ]

    async def backlog(self, tx: Transaction) -> DictRow:
        """`waiting`, `failed` and `oldest_seconds` over all users."""
        row = await tx.row(_SQL["backlog"])
        assert row is not None  # noqa: S101 -- an aggregate always has a row
        return row

    async def count_open(self, tx: Transaction, tenant_id: str) -> int:
        """Open sessions of a tenant."""
        row = await tx.row(_SQL["count_open"], of_tenant=tenant_id)
        return 0 if row is None else row["open"]

    async def failed(self, tx: Transaction, *, limit: int) -> list[DictRow]:
        """Sessions whose last attempt failed: ids, attempts, error class, time of their end."""
        return await tx.rows(_SQL["failed"], limit=limit)


def _already_there(session: Session | None, session_id: str, count: int, first_seq: int | None) -> int:
    """How many of *count* messages an earlier call had written, after an append wrote none. Raises why, when that is final."""
    stored = 0 if session is None else session.message_count
    if first_seq is not None and first_seq > stored:
        raise Conflict(f"session {session_id!r} has {stored} messages, so none can be at place {first_seq}")
    there = 0 if first_seq is None else min(stored - first_seq, count)
    if session is None or there == count:
        return there
    if session.state != "open":
        raise SessionEnded(f"session {session_id!r} is {session.state}; begin a new one with another id")
    if stored + count - there > MAX_SESSION_MESSAGES:
        raise TooLarge(
            f"session {session_id!r} would have more than {MAX_SESSION_MESSAGES} messages; end it and begin another"
        )
    return there


def ref_of(row: DictRow) -> tuple[SessionRef, int]:
    """A session and its epoch, of a row over all users."""
    user = UserRef(tenant_id=row["tenant_id"], user_id=row["user_id"])
    return SessionRef(user=user, session_id=row["session_id"]), row["epoch"]


def _standing(user: UserRef, rows: Sequence[DictRow]) -> tuple[Session, dict[str, Any]] | None:
    return (session_of(user, rows[0]), rows[0]["working"]) if rows else None


def session_of(user: UserRef, row: DictRow) -> Session:
    """The session of a row."""
    names = (
        "purpose",
        "timezone",
        "state",
        "epoch",
        "started_at",
        "last_message_at",
        "ended_at",
        "no_memory",
        "message_count",
    )
    kept = ("attempts", "error", "episode_id")
    return Session(
        ref=SessionRef(user=user, session_id=row["session_id"]), **{name: row[name] for name in names + kept}
    )
