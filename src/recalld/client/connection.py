"""The connection to a service: key, time-outs, and when a request is sent again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from recalld.client.refusals import ServerFault, error_of
from recalld.client.user import UserClient, UserClientSync
from recalld.errors import MissingExtra, Unavailable
from recalld.sync import BackgroundLoop
from recalld.values import UserRef

try:
    import httpx2
except ImportError as error:
    raise MissingExtra("recalld.client", "client") from error

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds; doubles from try to try, with jitter
TRY_AGAIN = (429, 503)


class AsyncClient:
    """A service over HTTP."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str,
        tenant_id: str = "",
        timeout: float = 30.0,
        attempts: int = 5,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """*tenant_id* only names the tenant in values, the service takes it from the key; a request is sent *attempts* times at most."""
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx2.AsyncClient(base_url=base_url, headers=headers, timeout=timeout, transport=transport)
        self._attempts = attempts
        self.tenant_id = tenant_id

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def user(self, user_id: str, *, purpose: str | None = None, timezone: str = "UTC") -> UserClient:
        """The memory of one person, as `Memory.user`; without a *purpose*, that of the key."""
        ref = UserRef(tenant_id=self.tenant_id, user_id=user_id)
        return UserClient(connection=self, ref=ref, purpose=purpose, timezone=timezone)

    async def send(
        self,
        method: str,
        *path: str,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        stream: bool = False,
    ) -> httpx2.Response:
        """One request; *path* are its parts, ids as they are. The body of a *stream* is read, and closed, by the caller.

        Sent again after 429 and 503, and, when doing it twice is doing it once (*repeatable*), after a lost connection. Raises what the
        problem document stands for, and `Unavailable` when there is no answer.
        """
        address = "/v1/" + "/".join(quote(part, safe="") for part in path)
        given = {name: value for name, value in (params or {}).items() if value is not None}
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            try:
                request = self._http.build_request(method, address, json=json, params=given, headers=headers)
                answer = await self._http.send(request, stream=stream)
                if not answer.is_success:
                    await answer.aread()
            except httpx2.TransportError as error:
                sent = not isinstance(error, httpx2.ConnectError)
                if last or (sent and not repeatable):
                    raise Unavailable(f"the service does not answer ({type(error).__name__})") from error
                await asyncio.sleep(_wait(attempt))
                continue
            if last or answer.status_code not in TRY_AGAIN:
                return _checked(answer)
            await asyncio.sleep(_wait(attempt, answer.headers.get("retry-after")))
        raise AssertionError("the last attempt returns or raises")


class Client:
    """The same for code without an event loop."""

    def __init__(self, base_url: str, *, key: str, **options: Any) -> None:
        """As `AsyncClient`."""
        self._loop = BackgroundLoop()
        self._client = AsyncClient(base_url, key=key, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._loop.run(self._client.close())
        self._loop.close()

    def user(self, user_id: str, *, purpose: str | None = None, timezone: str = "UTC") -> UserClientSync:
        """As `AsyncClient.user`."""
        return UserClientSync(self._client.user(user_id, purpose=purpose, timezone=timezone), self._loop)


def _wait(attempt: int, retry_after: str | None = None) -> float:
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), 60.0)
    return min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter


def _checked(answer: httpx2.Response) -> httpx2.Response:
    """The answer, or the error it stands for."""
    if answer.is_success:
        return answer
    try:
        document = answer.json()
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        raise ServerFault(f"the service answered {answer.status_code} without a problem document")
    raise error_of(answer.status_code, document)  # pyright: ignore[reportUnknownArgumentType]
