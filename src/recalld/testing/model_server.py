"""A loopback server that speaks the wire formats of Anthropic and of OpenAI: the real SDKs run against it, without a key.

    async with ModelServer(lambda call: Output(arguments={"summary": "…"})) as server:
        summariser = open_summariser(f"openai-compatible:{server.url}/v1#scripted")

It knows `POST /v1/messages`, `POST /v1/messages/batches` with its status and results, `POST /v1/chat/completions` and
`POST /v1/embeddings`. What a model answers is a function from the call to a reply, or a cassette. It counts requests in
flight and keeps every exchange, so that a test can look at what really went over the wire. Standard library only.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from recalld.testing.wire import (
    Call,
    Failure,
    Hang,
    Raw,
    Reply,
    Response,
    Wire,
    embeddings,
    failure_body,
    message,
    render,
)

Answer = Callable[[Call], Reply | Response | Awaitable[Reply | Response]]
Embed = Callable[[str], Sequence[float]]

_LONGEST_HEADER = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and what was answered; `response` is `None` when nothing was."""

    call: Call
    response: Response | None


class ModelServer:
    """A provider on 127.0.0.1, scripted by *answer* and, for embeddings, by *embed*."""

    def __init__(self, answer: Answer, *, embed: Embed | None = None) -> None:
        self._answer = answer
        self._embed = embed or _letters
        self._server: asyncio.Server | None = None
        self._batches: dict[str, list[dict[str, Any]]] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self.most_in_flight = 0
        self.exchanges: list[Exchange] = []

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a path."""
        if self._server is None:
            raise RuntimeError("the model server is not running; use it as a context manager")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def calls(self) -> list[Call]:
        """All requests so far, in the order in which they were answered."""
        return [exchange.call for exchange in self.exchanges]

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=_LONGEST_HEADER)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everybody and stop."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # ------------------------------------------------------------ HTTP
    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, one after the other."""
        while True:
            method, call = await _read_request(reader)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            try:
                response = await self._respond(method, call)
                self.exchanges.append(Exchange(call=call, response=response))
                if response is None:
                    await reader.read()  # until the client hangs up
                    return
            finally:
                self._in_flight -= 1
            writer.write(_head(response) + response.body)
            await writer.drain()
            if response.cut:
                return

    async def _respond(self, method: str, call: Call) -> Response | None:
        if "/messages/batches" in call.path:
            return await self._batch(method, call)
        if call.path.endswith("/embeddings"):
            return await self._embeddings(call)
        if call.path.endswith(("/messages", "/chat/completions")):
            return await self._reply(call)
        return Response.of(failure_body(call.wire, Failure(status=404), 0), 404)

    # ------------------------------------------------------------ what a provider does
    async def _reply(self, call: Call) -> Response | None:
        reply = await self._ask(call)
        if isinstance(reply, Hang):
            return None
        return reply if isinstance(reply, Response) else render(call, reply, len(self.exchanges))

    async def _ask(self, call: Call) -> Reply | Response:
        reply = self._answer(call)
        return await reply if inspect.isawaitable(reply) else reply

    async def _embeddings(self, call: Call) -> Response | None:
        reply = await self._ask(call)
        if isinstance(reply, Failure | Raw):
            return render(call, reply, len(self.exchanges))
        texts = [call.body["input"]] if isinstance(call.body["input"], str) else list(call.body["input"])
        dimensions = int(call.body.get("dimensions") or 0)
        vectors = [self._embed(text) for text in texts]
        vectors = [vector[:dimensions] for vector in vectors] if dimensions else vectors
        return Response.of(embeddings(call, vectors, sum(len(text.split()) for text in texts)))

    async def _batch(self, method: str, call: Call) -> Response:
        """Anthropic's message batches: every batch has ended by the time it is asked about."""
        if method == "POST" and call.path.endswith("/batches"):
            batch_id = f"msgbatch_{len(self._batches)}"
            self._batches[batch_id] = [await self._batched(call, item) for item in call.body["requests"]]
            return Response.of(self._batch_status(batch_id, "in_progress"))
        batch_id = call.path.split("/batches/")[1].split("/")[0]
        if batch_id not in self._batches:
            return Response.of(failure_body("anthropic", Failure(status=404), 0), 404)
        if call.path.endswith("/results"):
            lines = "".join(json.dumps(line) + "\n" for line in self._batches[batch_id])
            return Response(status=200, body=lines.encode(), headers={"content-type": "application/x-jsonl"})
        return Response.of(self._batch_status(batch_id, "ended"))

    async def _batched(self, call: Call, item: dict[str, Any]) -> dict[str, Any]:
        inner = Call(wire="anthropic", path="/v1/messages", headers=call.headers, body=item["params"])
        reply = await self._ask(inner)
        number = len(self.exchanges)
        if isinstance(reply, Failure):
            result: dict[str, Any] = {"type": "errored", "error": failure_body("anthropic", reply, number)}
        elif isinstance(reply, Response | Raw | Hang):
            result = {"type": "expired"}
        else:
            result = {"type": "succeeded", "message": message(inner, reply, number)}
        return {"custom_id": item["custom_id"], "result": result}

    def _batch_status(self, batch_id: str, status: str) -> dict[str, Any]:
        size, ended = len(self._batches[batch_id]), status == "ended"
        counts = {
            "processing": 0 if ended else size,
            "succeeded": size if ended else 0,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        }
        return {
            "id": batch_id, "type": "message_batch", "processing_status": status, "request_counts": counts,
            "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z",
            "ended_at": "2026-01-01T00:10:00Z" if ended else None, "archived_at": None, "cancel_initiated_at": None,
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if ended else None,
        }  # fmt: skip


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, Call]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path = target.partition("?")[0]
    wire: Wire = "anthropic" if "/messages" in path else "openai"
    return method, Call(wire=wire, path=path, headers=headers, body=json.loads(body) if body else {})


def _head(response: Response) -> bytes:
    length = len(response.body) + (1_000 if response.cut else 0)
    headers = {
        **response.headers,
        "content-length": str(length),
        "connection": "close" if response.cut else "keep-alive",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {response.status} Scripted\r\n{lines}\r\n".encode("latin-1")


def _letters(text: str) -> list[float]:
    """A vector that depends on the text and on nothing else: counts of the letters, by their code modulo 1536."""
    vector = [0.0] * 1536
    for character in text:
        vector[ord(character) % 1536] += 1.0
    return vector
