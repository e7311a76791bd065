"""One life of a user's memory, to be led on every combination of stores and servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recalld import Memory, Message, UserMemory
from recalld.privacy.receipt import signed_by

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=10)


async def tell(user: UserMemory, session_id: str, *texts: str, at: datetime) -> None:
    await user.append(session_id, [Message(role="user", content=text) for text in texts], at=at)


async def live_and_be_forgotten(memory: Memory) -> None:
    """Append, end, context, contradiction, purpose and erasure of a person, beside another of the same name."""
    support = memory.user("acme", "ada", purpose="support", timezone="Europe/Berlin")
    sales = memory.user("acme", "ada", purpose="sales", timezone="Europe/Berlin")
    eve = memory.user("umbrella", "ada", purpose="support")

    # while a session is open, its messages and its state are part of the block
    await tell(support, "s1", "My order A-17 arrived broken.", "I live in Leipzig.", at=NOON)
    await support.set_state("s1", {"task": "refund"})
    open_block = await support.context("what next?", session_id="s1", at=NOON)
    assert [message.content for message in open_block.messages][-1] == "I live in Leipzig."
    assert open_block.state == {"task": "refund"}

    # when it has ended, it is an episode and facts
    assert (await support.end_session("s1", wait=True, at=NOON)).status == "ingested"
    block = await support.context("what was wrong with my order?", session_id="s2", at=LATER)
    assert "A-17" in block.text
    assert "Leipzig" in block.text
    assert block.degraded == ()
    assert block.messages == ()

    # a contradiction closes what it contradicts
    await tell(support, "s2", "Actually I moved to Berlin last week.", at=LATER)
    report = await support.end_session("s2", wait=True, at=LATER)
    assert report.closed == 1
    homes = [fact.value for fact in await support.facts(at=LATER) if fact.attribute == "home_city"]
    assert homes == ["Berlin"]

    # another purpose, and another tenant's user of the same name, see nothing of it
    assert (await sales.context("what was wrong with my order?", at=LATER)).text == ""
    assert await sales.search("broken order", at=LATER) == []
    assert await eve.search("broken order", at=LATER) == []
    assert [hit.episode.session_id for hit in await support.search("broken order", at=LATER)][:1] == ["s1"]

    # what was remembered of others stays when this person is erased from every layer
    await tell(eve, "s1", "My order A-17 never came.", at=NOON)
    await eve.end_session("s1", wait=True, at=NOON)
    await tell(support, "s3", "One more thing.", at=LATER)
    receipt = await support.erase()
    assert receipt.verified
    assert signed_by(receipt, receipt.key)
    assert {name: layer.after for name, layer in receipt.layers.items() if layer.after} == {}
    assert receipt.layers["episodes"].deleted == 2
    assert receipt.layers["working"].deleted >= 1
    if not memory.parts.vectors.transactional:
        assert receipt.layers["vector_index"].deleted == 2
        assert await memory.parts.vectors.ids(None, support.ref) == set()
    assert await memory.parts.working.count(support.ref) == 0
    assert (await support.context("where do I live?", session_id="s3", at=LATER)).text == ""
    assert [hit.episode.session_id for hit in await eve.search("order A-17", at=LATER)] == ["s1"]
    assert (await memory.parts.reconciler.verify()).equal
