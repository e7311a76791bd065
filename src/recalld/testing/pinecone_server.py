"""A loopback server with the data plane of Pinecone: the official client runs against it, without a key.

    async with PineconeServer() as server:
        index = open_pinecone(server.url, api_key="any")

It knows upsert, query, fetch, list, delete (by ids, by filter, all), the statistics and the namespaces of API version 2026-07. As in the
service, a write is taken at once and seen later: `lag` says after how many further requests. `fail` makes it answer errors. It keeps
every request, so that a test can look at what really went over the wire. Standard library only.
"""

from __future__ import annotations

import asyncio
import json
import math
import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
           500: "INTERNAL", 503: "UNAVAILABLE"}  # fmt: skip
_LONGEST_ID, _MOST_IN_UPSERT, _MOST_IN_DELETE, _PAGE = 512, 1_000, 1_000, 100
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    options: Mapping[str, list[str]]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """An error answer."""

    status: int
    message: str


@dataclass(slots=True)
class _Write:
    """A write that was taken and is not seen yet."""

    due: int  # number of the request from which on it is seen
    namespace: str
    put: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    gone: frozenset[str] = frozenset()


class PineconeServer:
    """One index on 127.0.0.1. It can be stopped and started again on the same port with what it holds."""

    def __init__(self, *, dimension: int = 256, lag: int = 0, api_key: str | None = None) -> None:
        """*lag* in requests; with an *api_key*, others are refused."""
        self.dimension = dimension
        self.lag = lag
        self.requests: list[Request] = []
        self._api_key = api_key
        self._failures: list[int] = []
        self._pending: list[_Write] = []
        self._namespaces: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """The index host."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen; the second time on the port of the first."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and stop listening; what was stored stays."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            self._server = None

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def fail(self, *statuses: int) -> None:
        """Answer the next requests with these statuses, one each; without any, as usual again."""
        self._failures = list(statuses)

    def settle(self) -> None:
        """From now on everything that was written is seen."""
        for write in self._pending:
            self._apply(write)
        self._pending.clear()

    def forget(self) -> None:
        """Lose everything."""
        self._pending.clear()
        self._namespaces.clear()

    # ------------------------------------------------------------ the wire
    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    await self._exchange(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        status, answer = self._answered(first, headers, raw)
        body = json.dumps(answer).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()

    def _answered(self, first: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, dict[str, Any]]:
        try:
            method, target, _ = first.split(" ")
            parts = urlsplit(target)
            body: dict[str, Any] = json.loads(raw) if raw else {}
            request = Request(method=method, path=unquote(parts.path), options=parse_qs(parts.query), body=body)
            self.requests.append(request)
            self._admit(headers, len(raw))
            self._show()
            return 200, self._answer(request)
        except Refused as refused:
            code = _STATUS.get(refused.status, "UNKNOWN")
            return refused.status, {"error": {"code": code, "message": refused.message}, "status": refused.status}

    def _admit(self, headers: Mapping[str, str], size: int) -> None:
        if self._failures:
            raise Refused(self._failures.pop(0), "scripted failure")
        if self._api_key is not None and headers.get("api-key") != self._api_key:
            raise Refused(401, "Invalid API Key")
        if size > _MOST_BYTES:
            raise Refused(400, "Request size exceeds the maximum supported size of 2097152 bytes")

    def _show(self) -> None:
        """Writes whose time has come are seen, in the order in which they were taken."""
        while self._pending and self._pending[0].due <= len(self.requests):
            self._apply(self._pending.pop(0))

    def _apply(self, write: _Write) -> None:
        records = self._namespaces.setdefault(write.namespace, {})
        records.update(write.put)
        for name in write.gone:
            records.pop(name, None)

    def _take(self, namespace: str, **change: Any) -> None:
        self._pending.append(_Write(due=len(self.requests) + self.lag + 1, namespace=namespace, **change))
        self._namespaces.setdefault(namespace, {})

    # ------------------------------------------------------------ the operations
    def _answer(self, request: Request) -> dict[str, Any]:
        operations: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
            ("POST", "/vectors/upsert"): lambda: self._upsert(request.body),
            ("POST", "/query"): lambda: self._query(request.body),
            ("POST", "/vectors/delete"): lambda: self._delete(request.body),
            ("GET", "/vectors/list"): lambda: self._list(request.options),
            ("GET", "/vectors/fetch"): lambda: self._fetch(request.options),
            ("POST", "/describe_index_stats"): self._statistics,
            ("GET", "/namespaces"): self._list_namespaces,
        }
        if (request.method, request.path) in operations:
            return operations[request.method, request.path]()
        if request.method == "DELETE" and request.path.startswith("/namespaces/"):
            return self._remove_namespace(request.path.removeprefix("/namespaces/"))
        raise Refused(404, "no such operation")

    def _remove_namespace(self, namespace: str) -> dict[str, Any]:
        self._records(namespace)
        del self._namespaces[namespace]
        return {}

    def _upsert(self, body: Mapping[str, Any]) -> dict[str, Any]:
        vectors = body["vectors"]
        if not 1 <= len(vectors) <= _MOST_IN_UPSERT:
            raise Refused(400, "the number of vectors must be between 1 and 1000")
        for vector in vectors:
            self._check(vector)
        self._take(body.get("namespace", ""), put={vector["id"]: vector for vector in vectors})
        return {"upsertedCount": len(vectors)}

    def _check(self, vector: Mapping[str, Any]) -> None:
        if not (1 <= len(vector["id"]) <= _LONGEST_ID and vector["id"].isascii()):
            raise Refused(400, "Vector IDs must be ASCII strings of 1 to 512 characters")
        if len(vector["values"]) != self.dimension:
            raise Refused(400, f"Vector dimension {len(vector['values'])} does not match the index's {self.dimension}")
        if not all(isinstance(value, (str, int, float, bool, list)) for value in vector.get("metadata", {}).values()):
            raise Refused(400, "Metadata value must be a string, number, boolean or list of strings")

    def _query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if not 1 <= body["topK"] <= 10_000:
            raise Refused(400, "topK must be between 1 and 10000")
        if len(body["vector"]) != self.dimension:
            raise Refused(400, "Vector dimension does not match the dimension of the index")
        namespace = body.get("namespace", "")
        found = [
            (_cosine(body["vector"], record["values"]), record)
            for record in self._namespaces.get(namespace, {}).values()
            if _matches(record.get("metadata", {}), body.get("filter") or {})
        ]
        found.sort(key=lambda pair: -pair[0])
        matches = [_match(score, record, body) for score, record in found[: body["topK"]]]
        return {"matches": matches, "namespace": namespace, "usage": {"readUnits": 1}}

    def _delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        namespace = body.get("namespace", "")
        records = self._records(namespace)
        if body.get("deleteAll"):
            gone = frozenset(records)
        elif body.get("filter"):
            gone = frozenset(name for name, record in records.items() if _matches(record["metadata"], body["filter"]))
        else:
            if len(body["ids"]) > _MOST_IN_DELETE:
                raise Refused(400, "no more than 1000 ids may be deleted at a time")
            gone = frozenset(body["ids"])
        self._take(namespace, gone=gone)
        return {}

    def _list(self, options: Mapping[str, list[str]]) -> dict[str, Any]:
        namespace, prefix = _option(options, "namespace"), _option(options, "prefix")
        limit = int(_option(options, "limit") or _PAGE)
        after = _option(options, "paginationToken")
        names = sorted(name for name in self._records(namespace) if name.startswith(prefix) and name > after)
        page = names[: min(limit, _PAGE)]
        more = {"pagination": {"next": page[-1]}} if len(names) > len(page) else {}
        return {"vectors": [{"id": name} for name in page], **more, "namespace": namespace, "usage": {"readUnits": 1}}

    def _fetch(self, options: Mapping[str, list[str]]) -> dict[str, Any]:
        namespace = _option(options, "namespace")
        records = self._namespaces.get(namespace, {})
        found = {name: records[name] for name in options.get("ids", []) if name in records}
        return {"vectors": found, "namespace": namespace, "usage": {"readUnits": 1}}

    def _statistics(self) -> dict[str, Any]:
        counts = {name: {"vectorCount": len(records)} for name, records in self._namespaces.items()}
        total = sum(len(records) for records in self._namespaces.values())
        return {"namespaces": counts, "dimension": self.dimension, "indexFullness": 0, "totalVectorCount": total}

    def _list_namespaces(self) -> dict[str, Any]:
        listed = [{"name": name, "record_count": len(records)} for name, records in sorted(self._namespaces.items())]
        return {"namespaces": listed, "pagination": {}}

    def _records(self, namespace: str) -> dict[str, Mapping[str, Any]]:
        """A namespace begins with its first write; before that there is none to list or to delete from."""
        if namespace not in self._namespaces:
            raise Refused(404, "Namespace not found")
        return self._namespaces[namespace]


# ---------------------------------------------------------------- values
def _option(options: Mapping[str, list[str]], name: str) -> str:
    return options.get(name, [""])[0]


def _match(score: float, record: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    match: dict[str, Any] = {
        "id": record["id"],
        "score": score,
        "values": record["values"] if body.get("includeValues") else [],
    }
    return match | ({"metadata": record.get("metadata", {})} if body.get("includeMetadata") else {})


def _cosine(one: list[float], other: list[float]) -> float:
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / ((math.hypot(*one) * math.hypot(*other)) or 1.0)


def _matches(metadata: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """Pinecone's filter language, as far as a key with operators, `$and` and `$or` go."""
    return all(_holds(metadata, name, wanted) for name, wanted in condition.items())


def _holds(metadata: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(_matches(metadata, part) for part in wanted)
    if name == "$or":
        return any(_matches(metadata, part) for part in wanted)
    operators: Mapping[str, Any] = cast("Mapping[str, Any]", wanted) if isinstance(wanted, dict) else {"$eq": wanted}
    return all(_compares(metadata, name, comparison, value) for comparison, value in operators.items())


def _compares(metadata: Mapping[str, Any], name: str, comparison: str, value: Any) -> bool:
    if comparison not in _OPERATORS:
        raise Refused(400, f"{comparison} is not a valid operator")
    return name in metadata and bool(_OPERATORS[comparison](metadata[name], value))


def _within(held: Any, values: Any) -> bool:
    return held in values


def _outside(held: Any, values: Any) -> bool:
    return held not in values


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$in": _within,
    "$nin": _outside,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
