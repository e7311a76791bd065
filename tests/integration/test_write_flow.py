"""append → end → ingest: what is kept, what goes, and what happens twice, late or never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import Conflict, InvalidId, InvalidMessage, InvalidTime, NotFound, SessionEnded, TooLarge

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def said(*contents: str, role: str = "user") -> list[Message]:
    return [Message(role=role, content=content) for content in contents]  # type: ignore[arg-type]


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada", timezone="Europe/Berlin")


async def test_an_ended_session_becomes_an_episode_and_its_transcript_goes(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("My order A-17 arrived broken.", "I live in Leipzig."), at=NOON)
    report = await ada.end_session("s1", wait=True, at=NOON)
    assert report.status == "ingested"
    assert report.episode is not None
    assert "A-17" in report.episode.summary
    assert (await ada.session("s1")).state == "ingested"
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        row = await tx.row(
            "select count(*) as n from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    assert row == {"n": 0}


async def test_the_report_tells_the_seconds_of_every_stage(ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    report = await ada.end_session("s1", wait=True, at=NOON)
    assert set(report.timings) == {"load", "digest", "embed", "merge", "write"}
    assert all(seconds > 0 for seconds in report.timings.values())


async def test_a_move_closes_the_old_home(ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    await ada.end_session("s1", wait=True, at=NOON)
    later = NOON + timedelta(days=200)
    await ada.append("s2", said("Actually I moved to Berlin."), at=NOON + timedelta(days=10))
    report = await ada.end_session("s2", wait=True, at=NOON + timedelta(days=10))
    assert (report.added, report.closed) == (1, 1)
    homes = {
        fact.value: fact.status
        for fact in await ada.facts(include_closed=True, as_of=later)
        if fact.attribute == "home_city"
    }
    assert homes == {"Leipzig": "superseded", "Berlin": "current"}


async def test_sessions_in_any_order_leave_the_same_facts(memory: Memory) -> None:
    sessions = [
        ("s1", "I live in Leipzig.", NOON),
        ("s2", "I moved to Berlin.", NOON + timedelta(days=5)),
        ("s3", "I moved to Porto.", NOON + timedelta(days=9)),
    ]
    states: list[object] = []
    for name, order in (("forwards", (0, 1, 2)), ("backwards", (2, 1, 0)), ("mixed", (1, 2, 0))):
        user = memory.user("acme", name)
        for place in order:
            session_id, text, at = sessions[place]
            await user.append(session_id, said(text), at=at)
            await user.end_session(session_id, wait=True, at=at)
        facts = await user.facts(include_closed=True)
        states.append([(fact.attribute, fact.value, fact.status, fact.valid_from, fact.valid_to) for fact in facts])
    assert states[0] == states[1] == states[2]
    assert [(value, status) for _, value, status, *_ in states[0] if status == "current"] == [("Porto", "current")]  # type: ignore[index]


async def test_ending_twice_ingests_once(ada: UserMemory) -> None:
    await ada.append("s1", said("I have a dog named Momo."), at=NOON)
    first = await ada.end_session("s1", wait=True, at=NOON)
    again = await ada.end_session("s1", wait=True, at=NOON)
    assert (first.status, again.status) == ("ingested", "ingested")
    assert len(await ada.episodes()) == 1


async def test_a_session_without_a_waiting_caller_is_ingested_from_the_queue(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    assert (await ada.end_session("s1", at=NOON)).status == "queued"
    await memory.parts.queue.run(memory.parts.worker.ingest, concurrency=2, wait=False)
    assert (await ada.session("s1")).state == "ingested"


async def test_an_append_with_its_place_may_be_repeated(ada: UserMemory) -> None:
    messages = said("one", "two", "three")
    assert await ada.append("s1", messages[:2], at=NOON, first_seq=0) == 2
    assert await ada.append("s1", messages[:2], at=NOON, first_seq=0) == 2
    assert await ada.append("s1", messages, at=NOON, first_seq=0) == 3
    assert (await ada.session("s1")).message_count == 3


async def test_an_append_after_a_gap_is_refused(ada: UserMemory) -> None:
    await ada.append("s1", said("one"), at=NOON)
    with pytest.raises(Conflict, match="has 1 messages"):
        await ada.append("s1", said("five"), at=NOON, first_seq=4)
    with pytest.raises(Conflict, match="has 0 messages"):
        await ada.append("new", said("five"), at=NOON, first_seq=4)


async def test_a_closed_session_takes_no_more_messages(ada: UserMemory) -> None:
    await ada.append("s1", said("hello there"), at=NOON)
    await ada.end_session("s1", at=NOON)
    with pytest.raises(SessionEnded, match="begin a new one"):
        await ada.append("s1", said("one more thing"), at=NOON)


async def test_a_session_without_memory_leaves_nothing_behind(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON, no_memory=True)
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        query = "select count(*) as n from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        assert await tx.row(query) == {"n": 0}
    assert (await ada.end_session("s1", wait=True, at=NOON)).status == "nothing"
    assert await ada.facts() == []
    assert await ada.episodes() == []
    with pytest.raises(NotFound):
        await ada.session("s1")


async def test_an_idle_session_is_ended_by_the_sweeper(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        await tx.execute(
            "update recalld.sessions set active_at = now() - interval '2 hours' "
            "where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    assert await memory.parts.worker.sweep() == 1
    await memory.parts.queue.run(memory.parts.worker.ingest, concurrency=1, wait=False)
    session = await ada.session("s1")
    assert (session.state, session.ended_at) == ("ingested", NOON)


async def test_a_lost_job_is_deferred_again(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    await ada.end_session("s1", at=NOON)
    async with memory.parts.database.transaction("worker", ada.ref) as tx:
        await memory.parts.queue.erase(tx.connection, ada.ref)
        await tx.execute(
            "update recalld.sessions set active_at = now() - interval '1 minute' "
            "where tenant_id = %(tenant_id)s and user_id = %(user_id)s"
        )
    await memory.parts.worker.sweep()
    await memory.parts.queue.run(memory.parts.worker.ingest, concurrency=1, wait=False)
    assert (await ada.session("s1")).state == "ingested"


async def test_what_came_out_of_our_own_block_never_becomes_memory_again(memory: Memory, ada: UserMemory) -> None:
    await ada.append("s1", said("I live in Leipzig."), at=NOON)
    await ada.end_session("s1", wait=True, at=NOON)
    block = (await ada.context("where do I live?", at=NOON)).text
    assert "Leipzig" in block
    echo = memory.user("acme", "echo")
    await echo.append("s1", said(f"{block}\nMy order A-17 arrived broken."), at=NOON)
    report = await echo.end_session("s1", wait=True, at=NOON)
    assert report.episode is not None
    assert "A-17" in report.episode.summary
    assert "Leipzig" not in report.episode.summary
    assert await echo.facts() == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (Message(role="user", content=""), InvalidMessage),
        (Message(role="user", content="   "), InvalidMessage),
        (Message(role="robot", content="hi"), InvalidMessage),  # type: ignore[arg-type]
        (Message(role="user", content="x" * (256 * 1024 + 1)), TooLarge),
        (Message(role="user", content="hi", at=datetime(2026, 1, 1)), InvalidTime),  # noqa: DTZ001
        (Message(role="user", content="hi", at=datetime(2999, 1, 1, tzinfo=UTC)), InvalidTime),
    ],
)
async def test_a_bad_message_writes_nothing(ada: UserMemory, message: Message, error: type[Exception]) -> None:
    with pytest.raises(error):
        await ada.append("s1", [Message(role="user", content="fine"), message], at=NOON)
    with pytest.raises(NotFound):
        await ada.session("s1")


async def test_what_cannot_be_stored_is_repaired_and_reads_on(ada: UserMemory) -> None:
    await ada.append("s1", said("A NUL \x00 and a lone surrogate \ud800 in one line, order A-17."), at=NOON)
    report = await ada.end_session("s1", wait=True, at=NOON)
    assert report.status == "ingested"
    hits = await ada.search("A-17", at=NOON)
    assert "\ufffd" in hits[0].episode.summary


async def test_bad_ids_are_refused(memory: Memory, ada: UserMemory) -> None:
    for bad in ("", "x" * 256, "a\nb", "a\x00b", "\ud800"):
        with pytest.raises(InvalidId):
            await ada.append(bad, said("hi"))
        with pytest.raises(InvalidId):
            memory.user("acme", bad)


async def test_a_session_over_its_limit_is_refused(
    memory: Memory, ada: UserMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.layers.working.journal.MAX_SESSION_MESSAGES", 3)
    await ada.append("s1", said("one", "two"), at=NOON)
    with pytest.raises(TooLarge, match="more than 3 messages"):
        await ada.append("s1", said("three", "four"), at=NOON)
    assert (await ada.session("s1")).message_count == 2
