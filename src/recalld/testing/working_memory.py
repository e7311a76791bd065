"""The contract of working memory: every adapter passes this suite, ours and others'.

    class TestMine(WorkingMemoryContract):
        @pytest.fixture
        async def working(self): ...

Asynchronous tests: run with pytest-asyncio in auto mode.
"""

from __future__ import annotations

from datetime import UTC, datetime

from recalld.layers.working.base import WorkingMemory
from recalld.values import Message, SessionRef, UserRef

ADA = UserRef(tenant_id="acme", user_id="ada")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def session(name: str = "s1", user: UserRef = ADA) -> SessionRef:
    """A session of a user."""
    return SessionRef(user=user, session_id=name)


def said(*contents: str) -> list[Message]:
    """Messages of a user."""
    return [Message(role="user", content=content, at=NOON, name="Ada") for content in contents]


class WorkingMemoryContract:
    """What the port promises. `working` is a fixture that yields an empty adapter."""

    async def test_an_unknown_session_is_not_here(self, working: WorkingMemory) -> None:
        """`None` sends the reader to the journal."""
        assert await working.read(session(), 1) is None

    async def test_messages_come_back_whole_and_in_order(self, working: WorkingMemory) -> None:
        """Every field survives."""
        await working.append(session(), 1, 0, said("one", "zwei · 二 · 🙂"))
        await working.append(session(), 1, 2, said("three"))
        assert await working.read(session(), 1) == (said("one", "zwei · 二 · 🙂", "three"), {})

    async def test_an_append_that_does_not_join_on_drops_the_copy(self, working: WorkingMemory) -> None:
        """An incomplete copy is never served."""
        await working.append(session(), 1, 0, said("one"))
        await working.append(session(), 1, 5, said("six"))
        assert await working.read(session(), 1) is None

    async def test_a_session_whose_beginning_is_missing_is_not_served(self, working: WorkingMemory) -> None:
        """As after a flush."""
        await working.append(session(), 1, 3, said("four"))
        assert await working.read(session(), 1) is None

    async def test_the_journals_copy_replaces_what_was_there(self, working: WorkingMemory) -> None:
        """`fill` after a miss; appends join on to it."""
        await working.append(session(), 1, 0, said("stale"))
        await working.fill(session(), 1, said("one", "two"), {"task": "refund"})
        await working.append(session(), 1, 2, said("three"))
        assert await working.read(session(), 1) == (said("one", "two", "three"), {"task": "refund"})

    async def test_a_long_session_fits(self, working: WorkingMemory) -> None:
        """More messages than one command takes arguments."""
        many = said(*(f"message {number}" for number in range(10_500)))
        await working.append(session(), 1, 0, many[:9000])
        await working.append(session(), 1, 9000, many[9000:])
        kept = await working.read(session(), 1)
        assert kept is not None
        assert kept[0] == many
        await working.fill(session("s2"), 1, many, {})
        assert await working.read(session("s2"), 1) == (many, {})

    async def test_the_state_is_kept_beside_the_messages(self, working: WorkingMemory) -> None:
        """Set before or after the first message."""
        await working.set_state(session(), 1, {"task": "refund", "steps": [1, 2]})
        await working.append(session(), 1, 0, said("one"))
        assert await working.read(session(), 1) == (said("one"), {"task": "refund", "steps": [1, 2]})

    async def test_another_epoch_reads_nothing(self, working: WorkingMemory) -> None:
        """What was written before an erasure cannot be read after it."""
        await working.append(session(), 1, 0, said("one"))
        assert await working.read(session(), 2) is None

    async def test_a_dropped_session_is_gone_and_others_stay(self, working: WorkingMemory) -> None:
        """Dropping twice is fine."""
        await working.append(session("s1"), 1, 0, said("one"))
        await working.append(session("s2"), 1, 0, said("two"))
        await working.drop(session("s1"), 1)
        await working.drop(session("s1"), 1)
        assert await working.read(session("s1"), 1) is None
        assert await working.read(session("s2"), 1) == (said("two"), {})
        assert await working.count(ADA) == 1

    async def test_erasing_forgets_every_epoch_of_one_user_only(self, working: WorkingMemory) -> None:
        """Neighbours with names alike stay: other tenant, other case, a prefix, and characters that keys or patterns could trip over."""
        neighbours = [
            UserRef(tenant_id="acme2", user_id="ada"),
            UserRef(tenant_id="acme", user_id="Ada"),
            UserRef(tenant_id="acme", user_id="ada2"),
            UserRef(tenant_id="acme", user_id="ad?"),
            UserRef(tenant_id="acme", user_id="*"),
            UserRef(tenant_id="acme:ada", user_id="x"),
            UserRef(tenant_id="acme", user_id="ada}:{x"),
        ]
        for user in (ADA, *neighbours):
            await working.append(session("s1", user), 1, 0, said("one"))
        await working.append(session("s1"), 2, 0, said("again"))
        await working.set_state(session("s3"), 2, {"task": "none"})
        assert await working.erase(ADA) == 3
        assert await working.count(ADA) == 0
        assert await working.read(session("s1"), 1) is None
        assert await working.read(session("s1"), 2) is None
        for user in neighbours:
            assert await working.read(session("s1", user), 1) == (said("one"), {})
            assert await working.erase(user) == 1

    async def test_erasing_an_unknown_user_erases_nothing(self, working: WorkingMemory) -> None:
        """Erasing is idempotent."""
        assert await working.erase(ADA) == 0
