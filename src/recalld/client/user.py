"""One person's memory over HTTP, under the names of `UserMemory`."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

from pydantic import TypeAdapter

from recalld.errors import InvalidInput
from recalld.models.ledger import UsageRow
from recalld.privacy.delete import Forgotten
from recalld.privacy.export import ExportFormat
from recalld.privacy.holds import Hold
from recalld.privacy.purposes import Consent, Withdrawal
from recalld.privacy.restore import Restored
from recalld.sync import BackgroundLoop
from recalld.values import (
    Episode,
    EpisodeHit,
    ErasureReceipt,
    Fact,
    FactChanges,
    FactConflict,
    History,
    HistoryEntry,
    IngestReport,
    MemoryContext,
    Message,
    SearchResult,
    Session,
    SessionRef,
    SessionState,
    UserRef,
)

if TYPE_CHECKING:
    from recalld.client.connection import AsyncClient

P = ParamSpec("P")
T = TypeVar("T")

_FACT, _FACTS = TypeAdapter(Fact), TypeAdapter(list[Fact])
_EPISODE, _HIT = TypeAdapter(Episode), TypeAdapter(EpisodeHit)
_CONTEXT, _RESULT = TypeAdapter(MemoryContext), TypeAdapter(SearchResult)
_REPORT, _SESSION, _MESSAGES = TypeAdapter(IngestReport), TypeAdapter(Session), TypeAdapter(list[Message])
_CHANGES, _RECEIPT = TypeAdapter(FactChanges), TypeAdapter(ErasureReceipt)
_CONSENT, _CONSENTS, _WITHDRAWAL = TypeAdapter(Consent), TypeAdapter(list[Consent]), TypeAdapter(Withdrawal)
_HOLD, _RESTORED, _USAGE = TypeAdapter(Hold), TypeAdapter(Restored), TypeAdapter(list[UsageRow])
_FORGOTTEN = TypeAdapter(Forgotten)
_HISTORY, _ENTRY, _CONFLICTS = TypeAdapter(list[History]), TypeAdapter(HistoryEntry), TypeAdapter(list[FactConflict])


@dataclass(frozen=True, kw_only=True, slots=True)
class UserClient:
    """As `recalld.UserMemory`, over HTTP. Deletions answer with counts only."""

    connection: AsyncClient
    ref: UserRef
    purpose: str | None = None  # None: that of the key
    timezone: str = "UTC"

    # ------------------------------------------------------------ the write flow
    async def append(
        self,
        session_id: str,
        messages: Sequence[Message],
        *,
        at: datetime | None = None,
        first_seq: int | None = None,
        no_memory: bool = False,
        request_key: str | None = None,
    ) -> int:
        """As `UserMemory.append`; without a *request_key*, the client makes one, so that a request sent again is done once."""
        body = {
            "messages": [
                _given(role=said.role, content=said.content, at=_iso(said.at), name=said.name) for said in messages
            ],
            "timezone": self.timezone,
            "no_memory": no_memory,
            **_given(purpose=self.purpose, at=_iso(at), first_seq=first_seq),
        }
        answer = await self._send(
            "POST", "sessions", session_id, "messages", json=body, headers=_key(request_key or str(uuid4()))
        )
        return answer["message_count"]

    async def set_state(self, session_id: str, state: Mapping[str, Any]) -> None:
        """As `UserMemory.set_state`."""
        await self._send("PUT", "sessions", session_id, "state", json={"state": dict(state)})

    async def end_session(
        self, session_id: str, *, wait: bool = False, at: datetime | None = None, budget_seconds: float | None = None
    ) -> IngestReport:
        """As `UserMemory.end_session`; the budget is the service's, whatever *budget_seconds* says."""
        del budget_seconds
        answer = await self._send(
            "POST",
            "sessions",
            session_id,
            "end",
            params={"wait": str(wait).lower()},
            json=_given(at=_iso(at)),
            headers=_key(str(uuid4())),
        )
        episode = answer["episode"] and self._owned(answer["episode"])
        return _REPORT.validate_python({**answer, "session": self._session(answer["session_id"]), "episode": episode})

    async def replay_session(self, session_id: str) -> bool:
        """As `UserMemory.replay_session`."""
        return (await self._send("POST", "sessions", session_id, "replay"))["replayed"]

    async def session(self, session_id: str) -> Session:
        """As `UserMemory.session`."""
        return self._known(await self._send("GET", "sessions", session_id))

    async def sessions(self, *, state: SessionState | None = None, limit: int = 100) -> list[Session]:
        """As `UserMemory.sessions`."""
        found = await self._send("GET", "sessions", params={"state": state, "limit": limit})
        return [self._known(one) for one in found["items"]]

    async def messages(self, session_id: str) -> list[Message]:
        """As `UserMemory.messages`."""
        return _MESSAGES.validate_python((await self._send("GET", "sessions", session_id))["messages"])

    async def state(self, session_id: str) -> dict[str, Any]:
        """As `UserMemory.state`."""
        return (await self._send("GET", "sessions", session_id))["working"]

    # ------------------------------------------------------------ the read flow
    async def context(
        self,
        query: str,
        *,
        session_id: str | None = None,
        budget_tokens: int = 800,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> MemoryContext:
        """As `UserMemory.context`."""
        body = self._query(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        body |= _given(session_id=session_id, budget_tokens=budget_tokens)
        answer = await self._send("POST", "context", json=body)
        return _CONTEXT.validate_python({**answer, "episodes": self._hits(answer["episodes"])})

    async def search(
        self,
        query: str,
        *,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[EpisodeHit]:
        """As `UserMemory.search`."""
        found = await self.explain(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        return list(found.hits)

    async def explain(
        self,
        query: str,
        *,
        k: int = 5,
        at: datetime | None = None,
        purposes: Sequence[str] | None = None,
        topics: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> SearchResult:
        """As `UserMemory.explain`, without the candidates."""
        body = self._query(query, k=k, at=at, purposes=purposes, topics=topics, since=since, until=until)
        answer = await self._send("POST", "search", json=body)
        return _RESULT.validate_python({**answer, "hits": self._hits(answer["hits"])})

    # ------------------------------------------------------------ facts
    async def facts(
        self,
        *,
        as_of: datetime | None = None,
        believed_at: datetime | None = None,
        include_closed: bool = False,
        purposes: Sequence[str] | None = None,
        at: datetime | None = None,
    ) -> list[Fact]:
        """As `UserMemory.facts`."""
        params = {"as_of": _iso(as_of), "believed_at": _iso(believed_at), "at": _iso(at)}
        params |= {"include_closed": str(include_closed).lower(), **self._asked(purposes)}
        return _FACTS.validate_python((await self._send("GET", "facts", params=params))["items"])

    async def set_fact(
        self,
        attribute: str,
        value: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        at: datetime | None = None,
    ) -> Fact:
        """As `UserMemory.set_fact`. Not sent again after a lost connection: said twice, it counts as confirmed."""
        body = {"attribute": attribute, "value": value}
        body |= _given(purpose=self.purpose, valid_from=_iso(valid_from), valid_to=_iso(valid_to), at=_iso(at))
        return _FACT.validate_python(await self._send("PUT", "facts", json=body, repeatable=False))

    async def delete_fact(self, fact_id: str, *, at: datetime | None = None) -> FactChanges:
        """As `UserMemory.delete_fact`."""
        return await self._delete("facts", fact_id, at=at)

    async def history(
        self, attribute: str | None = None, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> list[History]:
        """As `UserMemory.history`."""
        params = {"attribute": attribute, "at": _iso(at), **self._asked(purposes)}
        found = await self._send("GET", "history", params=params)
        return _HISTORY.validate_python(found["items"])

    async def conflicts(
        self, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> list[FactConflict]:
        """As `UserMemory.conflicts`."""
        params = {"at": _iso(at), **self._asked(purposes)}
        return _CONFLICTS.validate_python((await self._send("GET", "conflicts", params=params))["items"])

    async def why(
        self, fact_id: str, *, purposes: Sequence[str] | None = None, at: datetime | None = None
    ) -> HistoryEntry:
        """As `UserMemory.why`."""
        params = {"at": _iso(at), **self._asked(purposes)}
        return _ENTRY.validate_python(await self._send("GET", "facts", fact_id, params=params))

    async def decide(self, fact_id: str, *, purposes: Sequence[str] | None = None, at: datetime | None = None) -> Fact:
        """As `UserMemory.decide`."""
        params = {"at": _iso(at), **self._asked(purposes)}
        return _FACT.validate_python(
            await self._send("POST", "facts", fact_id, "decide", params=params, repeatable=False)
        )

    # ------------------------------------------------------------ episodes
    async def episodes(
        self,
        *,
        purposes: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Episode]:
        """As `UserMemory.episodes`."""
        params = {"since": _iso(since), "until": _iso(until), "limit": limit, **self._asked(purposes)}
        page = await self._send("GET", "episodes", params=params | {"cursor": before and cursor_of(before)})
        return [_EPISODE.validate_python(self._owned(one)) for one in page["items"]]

    async def episode(self, episode_id: str, *, purposes: Sequence[str] | None = None) -> Episode:
        """As `UserMemory.episode`."""
        found = await self._send("GET", "episodes", episode_id, params=self._asked(purposes))
        return _EPISODE.validate_python(self._owned(found))

    async def add_episode(
        self,
        *,
        summary: str,
        ended_at: datetime,
        topics: Sequence[str] = (),
        points: Sequence[str] = (),
        started_at: datetime | None = None,
        episode_id: str | None = None,
    ) -> Episode:
        """As `UserMemory.add_episode`."""
        body: dict[str, Any] = {"summary": summary, "topics": list(topics), "points": list(points)}
        body |= _given(
            ended_at=_iso(ended_at), started_at=_iso(started_at), purpose=self.purpose, timezone=self.timezone
        )
        added = await self._send("PUT", "episodes", episode_id or str(uuid4()), json=body)
        return _EPISODE.validate_python(self._owned(added))

    async def delete_episode(self, episode_id: str, *, at: datetime | None = None) -> FactChanges:
        """As `UserMemory.delete_episode`."""
        return await self._delete("episodes", episode_id, at=at)

    async def delete_session(self, session_id: str, *, at: datetime | None = None) -> FactChanges:
        """As `UserMemory.delete_session`."""
        return await self._delete("sessions", session_id, at=at)

    async def delete_message(self, session_id: str, seq: int) -> None:
        """As `UserMemory.delete_message`."""
        await self._send("DELETE", "sessions", session_id, "messages", str(seq))

    async def forget(
        self,
        query: str,
        *,
        dry_run: bool = True,
        k: int = 20,
        purposes: Sequence[str] | None = None,
        at: datetime | None = None,
    ) -> Forgotten:
        """As `UserMemory.forget`."""
        body = {"query": query, "dry_run": dry_run, "k": k}
        body |= _given(purposes=self._asked(purposes)["purpose"], at=_iso(at))
        found = await self._send("POST", "forget", json=body)
        return _FORGOTTEN.validate_python({**found, "episodes": [self._owned(one) for one in found["episodes"]]})

    async def usage(self, *, since: date | None = None, until: date | None = None) -> list[UsageRow]:
        """As `UserMemory.usage`; needs a key with the scope `admin`."""
        params = {
            "user_id": self.ref.user_id,
            "since": since and since.isoformat(),
            "until": until and until.isoformat(),
        }
        answer = await self.connection.send("GET", "usage", params=params)
        return _USAGE.validate_python(answer.json()["items"])

    # ------------------------------------------------------------ the rights
    async def export(self, *, format: ExportFormat = "markdown") -> str:  # noqa: A002 -- the word of the API
        """As `UserMemory.export`."""
        answer = await self.connection.send("GET", "users", self.ref.user_id, "export", params={"format": format})
        return answer.text

    async def export_chunks(self, *, format: ExportFormat = "markdown") -> AsyncGenerator[str]:  # noqa: A002
        """As `UserMemory.export_chunks`."""
        answer = await self.connection.send(
            "GET", "users", self.ref.user_id, "export", params={"format": format}, stream=True
        )
        try:
            async for chunk in answer.aiter_text():
                yield chunk
        finally:
            await answer.aclose()

    async def import_export(self, document: str) -> Restored:
        """As `UserMemory.import_export`. Not sent again after a lost connection: the person would be known by then."""
        try:
            body = json.loads(document)
        except ValueError:
            raise InvalidInput("an export is a JSON document") from None
        return _RESTORED.validate_python(await self._send("POST", "import", json=body, repeatable=False))

    async def erase(self, *, budget_seconds: float | None = None) -> ErasureReceipt:
        """As `UserMemory.erase`; the budget is the service's, whatever *budget_seconds* says."""
        del budget_seconds
        return _RECEIPT.validate_python(await self._send("DELETE"))

    async def consents(self) -> list[Consent]:
        """As `UserMemory.consents`."""
        return _CONSENTS.validate_python((await self._send("GET", "consents"))["items"])

    async def give_consent(self, purpose: str) -> Consent:
        """As `UserMemory.give_consent`."""
        return _CONSENT.validate_python(await self._send("PUT", "consents", purpose))

    async def withdraw_consent(self, purpose: str) -> Withdrawal:
        """As `UserMemory.withdraw_consent`."""
        return _WITHDRAWAL.validate_python(await self._send("DELETE", "consents", purpose))

    async def change_purpose(self, purpose: str, *, to: str) -> Withdrawal:
        """As `UserMemory.change_purpose`."""
        return _WITHDRAWAL.validate_python(await self._send("POST", "purposes", purpose, "change", json={"to": to}))

    async def hold(self, reason: str) -> Hold:
        """As `UserMemory.hold`. Not sent again after a lost connection: there would be a hold by then."""
        return _HOLD.validate_python(await self._send("PUT", "hold", json={"reason": reason}, repeatable=False))

    async def release(self) -> bool:
        """As `UserMemory.release`. Not sent again after a lost connection: there would be no hold any more."""
        return (await self._send("DELETE", "hold", repeatable=False))["erasing"]

    # ------------------------------------------------------------ pieces
    async def _send(self, method: str, *path: str, **options: Any) -> Any:
        return (await self.connection.send(method, "users", self.ref.user_id, *path, **options)).json()

    async def _delete(self, *path: str, at: datetime | None) -> FactChanges:
        return _CHANGES.validate_python(await self._send("DELETE", *path, params={"at": _iso(at)}))

    def _asked(self, purposes: Sequence[str] | None) -> dict[str, Any]:
        chosen = list(purposes) if purposes is not None else [self.purpose] if self.purpose else None
        return {"purpose": chosen}

    def _query(self, text: str, *, purposes: Sequence[str] | None, **options: Any) -> dict[str, Any]:
        times = {name: _iso(options[name]) for name in ("at", "since", "until")}
        body: dict[str, Any] = {"query": text, "timezone": self.timezone, "topics": list(options["topics"])}
        return body | _given(k=options["k"], purposes=self._asked(purposes)["purpose"], **times)

    def _session(self, session_id: str) -> SessionRef:
        return SessionRef(user=self.ref, session_id=session_id)

    def _known(self, body: Mapping[str, Any]) -> Session:
        return _SESSION.validate_python({**body, "ref": self._session(body["session_id"])})

    def _owned(self, episode: Mapping[str, Any]) -> dict[str, Any]:
        return {**episode, "user": self.ref}

    def _hits(self, hits: Sequence[Mapping[str, Any]]) -> list[EpisodeHit]:
        return [_HIT.validate_python({**hit, "episode": self._owned(hit["episode"])}) for hit in hits]


def _waiting(
    method: Callable[Concatenate[UserClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[UserClientSync, P], T]:
    """The synchronous twin of a method of `UserClient`."""

    @wraps(method)
    def call(self: UserClientSync, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.loop.run(method(self.user, *args, **kwargs))

    return call


class UserClientSync:
    """`UserClient` for synchronous code."""

    def __init__(self, user: UserClient, loop: BackgroundLoop) -> None:
        """Use `Client.user`."""
        self.user, self.loop = user, loop

    append = _waiting(UserClient.append)
    set_state = _waiting(UserClient.set_state)
    end_session = _waiting(UserClient.end_session)
    replay_session = _waiting(UserClient.replay_session)
    session = _waiting(UserClient.session)
    sessions = _waiting(UserClient.sessions)
    messages = _waiting(UserClient.messages)
    state = _waiting(UserClient.state)
    context = _waiting(UserClient.context)
    search = _waiting(UserClient.search)
    explain = _waiting(UserClient.explain)
    facts = _waiting(UserClient.facts)
    set_fact = _waiting(UserClient.set_fact)
    delete_fact = _waiting(UserClient.delete_fact)
    history = _waiting(UserClient.history)
    conflicts = _waiting(UserClient.conflicts)
    why = _waiting(UserClient.why)
    decide = _waiting(UserClient.decide)
    episodes = _waiting(UserClient.episodes)
    episode = _waiting(UserClient.episode)
    add_episode = _waiting(UserClient.add_episode)
    delete_episode = _waiting(UserClient.delete_episode)
    delete_session = _waiting(UserClient.delete_session)
    export = _waiting(UserClient.export)
    erase = _waiting(UserClient.erase)
    consents = _waiting(UserClient.consents)
    give_consent = _waiting(UserClient.give_consent)
    withdraw_consent = _waiting(UserClient.withdraw_consent)
    change_purpose = _waiting(UserClient.change_purpose)
    hold = _waiting(UserClient.hold)
    release = _waiting(UserClient.release)
    forget = _waiting(UserClient.forget)
    delete_message = _waiting(UserClient.delete_message)
    usage = _waiting(UserClient.usage)
    import_export = _waiting(UserClient.import_export)

    @wraps(UserClient.export_chunks)
    def export_chunks(self, *, format: ExportFormat = "markdown") -> Generator[str]:  # noqa: A002, D102 -- the twin's
        return self.loop.iterate(self.user.export_chunks(format=format))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _given(**values: Any) -> dict[str, Any]:
    """What is not None."""
    return {name: value for name, value in values.items() if value is not None}


def cursor_of(episode_id: str) -> str:
    """The cursor of the page after an episode, as the service makes it."""
    return urlsafe_b64encode(episode_id.encode()).decode()


def _key(request_key: str) -> dict[str, str]:
    return {"Idempotency-Key": request_key}
