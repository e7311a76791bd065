"""Running the service: uvicorn in this event loop, ended by SIGTERM or SIGINT after the requests under way."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI

from recalld.ending import GRACE_SECONDS, end
from recalld.errors import ConfigurationError
from recalld.memory import Memory
from recalld.models.threads import one_thread
from recalld.server.app import create_app
from recalld.server.keys import Keys
from recalld.server.routes import operations
from recalld.settings import Settings
from recalld.tracing import exported

Announce = Callable[[str], None]


class Server(uvicorn.Server):
    """Uvicorn that leaves signals to us: its own handling ends the process before the embedded database is stopped."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing to capture."""
        yield


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run *work* in uvloop, with one thread for numpy: several processes use several cores."""
    one_thread()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def serve(settings: Settings, announce: Announce) -> None:
    """Serve until a signal ends it. *announce* gets the address and, on a first start, how to make a key."""
    with exported(wanted=settings.traces), bound(settings.host, settings.port) as place:
        async with Memory.open(settings) as memory:
            server = listening(create_app(memory, settings), settings.host, settings.port)

            def stop() -> None:
                server.force_exit = server.should_exit
                server.should_exit = True

            with signals(stop):
                await tell(memory, settings, announce)
                await server.serve(sockets=[place])


@contextmanager
def bound(host: str, port: int) -> Generator[socket.socket]:
    """The place to listen at, taken before anything is opened. Raises `ConfigurationError` when it cannot be had."""
    with ExitStack() as stack:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            place = stack.enter_context(socket.socket(family, kind, protocol))
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
        except OSError as error:
            told = f"cannot listen on {host}:{port} ({error.strerror}); choose another port or host"
            raise ConfigurationError(told) from error
        yield place


def listening(app: FastAPI, host: str, port: int) -> Server:
    """A server of *app*, not started yet."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="none",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody asks for the address of a caller
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


async def tell(memory: Memory, settings: Settings, announce: Announce) -> None:
    """Where it listens, and how to get in."""
    announce(f"recalld listens on http://{settings.host}:{settings.port}")
    if not await Keys(memory.parts.database).tenants():
        announce("No API key exists yet, so nobody gets in. Make one:")
        announce("  recalld keys create --tenant acme --scopes read,write,erase,export,admin")


async def work(settings: Settings, announce: Announce) -> None:
    """Run a worker until a signal ends it; ingestions under way are finished first."""
    with exported(wanted=settings.traces):
        async with Memory.open(settings.model_copy(update={"worker": False})) as memory, observed(memory, settings):
            ended = asyncio.Event()
            working = asyncio.create_task(memory.parts.work(), name="recalld-worker")
            with signals(ended.set):
                announce(f"recalld works on up to {settings.worker_concurrency} sessions at a time")
                await ended.wait()
            await end(working, busy=memory.parts.queue.busy)


@asynccontextmanager
async def observed(memory: Memory, settings: Settings) -> AsyncGenerator[None]:
    """Health, readiness and metrics of a worker on a port of its own, when the settings name one."""
    if not settings.worker_port:
        yield
        return
    app = create_app(memory, settings, routers=(operations.router,))
    server = listening(app, settings.host, settings.worker_port)
    with bound(settings.host, settings.worker_port) as place:
        answering = asyncio.create_task(server.serve(sockets=[place]), name="recalld-operations")
        try:
            yield
        finally:
            server.should_exit = True
            await answering


@contextmanager
def signals(end: Callable[[], None]) -> Generator[None]:
    """Call *end* for SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
