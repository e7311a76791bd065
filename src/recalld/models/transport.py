"""The HTTP client of every model: bounded answers, no redirects, and for a tenant's endpoint public addresses only.

A tenant's host is looked up when a connection is made and the connection goes to the very address that was checked, so a
name that changes its mind in between (DNS rebinding) leads nowhere else.

Import this where a model is called, never on the read path: it imports the HTTP library of the model libraries.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx2

from recalld.models.endpoint import is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_ANSWER_BYTES = 8 * 1024 * 1024  # 256 embeddings of 3,072 numbers take 4.2 MB in base64; a digest takes a few kB
CONNECT_SECONDS = 5.0
SDKS = ("anthropic", "openai")  # their loggers


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of *host*. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def http_client(*, trusted: bool, timeout: float, resolve: Resolve = resolve) -> httpx2.AsyncClient:
    """The client for one endpoint.

    *timeout*: seconds for any one wait (connecting has five at most). Proxies of the environment serve *trusted*
    endpoints only: they would look up a tenant's host themselves.
    """
    for name in SDKS:  # at DEBUG they log requests whole, and with them what people said
        logging.getLogger(name).setLevel(max(logging.getLogger(name).level, logging.INFO))
    return httpx2.AsyncClient(
        transport=None if trusted else PublicOnly(httpx2.AsyncHTTPTransport(trust_env=False), resolve),
        timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        follow_redirects=False,
        trust_env=trusted,
        headers={"accept-encoding": "identity"},  # a few kB of gzip can hold gigabytes
        event_hooks={"response": [_bound]},
    )


class PublicOnly(httpx2.AsyncBaseTransport):
    """Connects to a public address that was checked, under the name that was asked for."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, resolve: Resolve) -> None:
        self._inner = inner
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request* to the first address of its host. Raises `ConnectError` unless all of them are public."""
        host, port = request.url.host, request.url.port or 443
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpx2.ConnectError("the model's host has no address", request=request) from error
        if request.url.scheme != "https" or not addresses or not all(map(is_public, addresses)):
            raise httpx2.ConnectError("the model's host is not a public https address", request=request)
        request.extensions = {**request.extensions, "sni_hostname": host}  # the certificate is checked for the name
        request.url = request.url.copy_with(host=addresses[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Oversized(httpx2.ReadError):
    """An answer is longer than any honest one; asking again would only bring it again."""


class _Bounded(httpx2.AsyncByteStream):
    """Reads no more of an answer than any honest one has."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._stream:
            seen += len(chunk)
            if seen > MAX_ANSWER_BYTES:
                raise Oversized(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Oversized("the answer is compressed, which was not asked for", request=response.request)
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)
