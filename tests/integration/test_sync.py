"""`MemorySync` works where there is no event loop, and where there is one in another thread."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recalld import MemorySync, Message
from recalld.errors import InvalidId
from recalld.postgres.embedded import DatabaseUrls

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_a_session_is_remembered(migrated_urls: DatabaseUrls) -> None:
    with MemorySync.open(database_url=migrated_urls.service) as memory:
        ada = memory.user("acme", "ada")
        ada.append("s1", [Message(role="user", content="My order A-17 arrived broken.")], at=NOON)
        report = ada.end_session("s1", wait=True, at=NOON)
        assert report.status == "ingested"
        assert "A-17" in ada.context("what about order A-17?", at=NOON).text
        assert memory.backlog()["waiting"] == 0


def test_an_error_reaches_the_caller_and_memory_stays_open(migrated_urls: DatabaseUrls) -> None:
    with MemorySync.open(database_url=migrated_urls.service) as memory:
        with pytest.raises(InvalidId):
            memory.user("acme", "ada").append("", [Message(role="user", content="hello")])
        assert memory.user("acme", "ada").facts() == []
