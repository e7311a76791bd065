"""`recalld demo`: recorded sessions of one person go the whole way, with the time each step takes."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markdown import Markdown
from rich.rule import Rule

from recalld.cli import render
from recalld.cli.options import DataDirOption, runs
from recalld.memory import Memory, UserMemory
from recalld.values import Message

T = TypeVar("T")

TENANT, USER = "demo", "nora"
PURPOSES = ("sales", "support")
console = render.console


@runs
async def demo(
    chat: Annotated[bool, typer.Option("--chat", help="Type turns yourself and see what is remembered.")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """See an agent remember: five sessions over half a year, then the questions that memory is for."""
    async with _memory(data_dir) as memory:
        await (Chat(memory).run() if chat else Tour(memory, _recorded()).run())


@asynccontextmanager
async def _memory(data_dir: Path | None) -> AsyncGenerator[Memory]:
    """An installation for the demo: in a temporary folder that goes with it, unless one is given."""
    if data_dir is not None:
        async with _timed_open(data_dir) as memory:
            yield memory
        return
    with _temporary_folder() as folder:
        async with _timed_open(folder / "data") as memory:
            yield memory


@contextmanager
def _temporary_folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="recalld-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, the server runs under an account of its own, which must reach its folder
        yield folder


@asynccontextmanager
async def _timed_open(data_dir: Path) -> AsyncGenerator[Memory]:
    begun = time.perf_counter()
    with console.status("Starting an embedded PostgreSQL …"):
        opening = Memory.open(data_dir=data_dir)
        memory = await opening.__aenter__()
    console.print(
        f"Embedded PostgreSQL, schema, row-level security, worker: ready in {time.perf_counter() - begun:.1f} s"
    )
    try:
        yield memory
    finally:
        await opening.__aexit__(None, None, None)


def _recorded() -> dict[str, Any]:
    return json.loads(resources.files("recalld.cli").joinpath("demo.json").read_text(encoding="utf-8"))


class Tour:
    """The recorded sessions, and what becomes of them."""

    def __init__(self, memory: Memory, recorded: dict[str, Any]) -> None:
        """*recorded*: the content of `demo.json`."""
        self.memory, self.recorded = memory, recorded
        self.now = datetime.fromisoformat(recorded["now"])

    def nora(self, purpose: str = "support") -> UserMemory:
        """The person of the demo, under one purpose."""
        return self.memory.user(TENANT, USER, purpose=purpose, timezone=self.recorded["timezone"])

    async def run(self) -> None:
        """All stations."""
        await self.live_through_the_sessions()
        await self.ask(
            "Where should the spare parts be sent?", "A new turn: the block that goes in front of the system prompt"
        )
        await self.show_the_move()
        await self.search(
            "what did I say about pricing last Tuesday", ("sales",), "A metadata query: time is a filter, not a guess"
        )
        await self.search(
            "what did I say about pricing last Tuesday",
            ("support",),
            "The same under purpose 'support': sales memories stay out",
        )
        await self.show_the_export()
        await self.show_the_erasure()

    async def live_through_the_sessions(self) -> None:
        """Append → end → ingest, five times."""
        console.print(Rule("Five sessions over half a year, each ingested when it ends", align="left"))
        for session in self.recorded["sessions"]:
            user, ended = self.nora(session["purpose"]), datetime.fromisoformat(session["ended_at"])
            messages = [Message(role=said["role"], content=said["content"]) for said in session["messages"]]
            await user.append(session["session_id"], messages, at=ended)
            report = await user.end_session(session["session_id"], wait=True, at=ended)
            line = (
                f"{ended:%d %b %Y} · {session['session_id']:<8} {len(messages)} messages → {render.report_line(report)}"
            )
            console.print(line, highlight=False)

    async def ask(self, query: str, title: str) -> None:
        """The block for one turn."""
        console.print(Rule(title, align="left"))
        context = await _timed(self.nora().context(query, at=self.now, purposes=PURPOSES))
        console.print(render.context_panel(context))

    async def show_the_move(self) -> None:
        """The contradiction that was found on write."""
        console.print(Rule("“Actually, I moved to Berlin”: one home is current, the other is history", align="left"))
        facts = await _timed(self.nora().facts(include_closed=True, as_of=self.now))
        homes = [fact for fact in facts if fact.attribute == "home_city"]
        console.print(render.facts_table(homes, "home_city"))
        then = datetime(2026, 8, 1, tzinfo=UTC)
        before = [fact.value for fact in await self.nora().facts(as_of=then) if fact.attribute == "home_city"]
        console.print(f"As of 1 August: {', '.join(before) or 'unknown'}")

    async def search(self, query: str, purposes: tuple[str, ...], title: str) -> None:
        """One search."""
        console.print(Rule(title, align="left"))
        hits = await _timed(self.nora().search(query, at=self.now, purposes=purposes))
        console.print(render.hits_table(hits, f"“{query}”") if hits else f"“{query}”: no episode answers this.")

    async def show_the_export(self) -> None:
        """Everything, readable."""
        console.print(Rule("Export: everything that is stored, readable", align="left"))
        document = await _timed(self.nora().export())
        console.print(Markdown("\n".join(document.splitlines()[:12])))
        console.print(f"… {len(document.splitlines())} lines in all")

    async def show_the_erasure(self) -> None:
        """One call, every layer, read again."""
        console.print(Rule("Erasure: one call, all layers, counted again afterwards", align="left"))
        receipt = await _timed(self.nora().erase())
        console.print(render.receipt_table(receipt))
        left = await self.nora().context("Where do I live?", at=self.now, purposes=PURPOSES)
        console.print(f"What is known now: {left.text or 'nothing'}")


class Chat:
    """A person types; after each session the next one begins with what is remembered."""

    def __init__(self, memory: Memory) -> None:
        """Turns go to the memory of one local user."""
        self.user = memory.user("local", "you")

    async def run(self) -> None:
        """Until an empty line or the end of input."""
        console.print("Type what you would tell an agent. /end ends the session and ingests it, an empty line leaves.")
        number = 1
        for turn in _typed():
            if turn == "/end":
                await self._end(f"chat-{number}")
                number += 1
            else:
                await self._turn(f"chat-{number}", turn)

    async def _turn(self, session_id: str, turn: str) -> None:
        context = await _timed(self.user.context(turn, session_id=session_id))
        console.print(render.context_panel(context))
        await self.user.append(session_id, [Message(role="user", content=turn)])

    async def _end(self, session_id: str) -> None:
        report = await self.user.end_session(session_id, wait=True)
        console.print(render.report_line(report))
        console.print(render.facts_table(await self.user.facts()))


def _typed() -> Iterator[str]:
    while True:
        try:
            turn = console.input("[bold]you>[/] ").strip()
        except EOFError:
            return
        if not turn:
            return
        yield turn


async def _timed(work: Awaitable[T]) -> T:
    """The result of *work*; the time it took is printed."""
    begun = time.perf_counter()
    result = await work
    console.print(f"[dim]{(time.perf_counter() - begun) * 1000:.1f} ms[/]")
    return result
