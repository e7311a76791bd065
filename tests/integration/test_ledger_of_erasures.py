"""The ledger of erasures: written as erasures go, and applied before a restored database serves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import ConfigurationError, InvalidInput
from recalld.postgres.embedded import DatabaseUrls
from recalld.privacy.ledger import entry
from recalld.privacy.purposes import Purpose
from recalld.privacy.receipt import faults
from recalld.privacy.verify import NOT_ANSWERED


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger that begins now."""
    path = tmp_path / "erasures.ledger"
    path.touch()
    return path


@asynccontextmanager
async def opened(urls: DatabaseUrls, file: Path | None) -> AsyncIterator[Memory]:
    async with Memory.open(database_url=urls.service, worker=False, erasure_ledger=file) as memory:
        yield memory


@pytest.fixture
def backup(postgres: Any, migrated_urls: DatabaseUrls) -> Iterator[Any]:
    """Makes copies of the database of this test, as backups to be restored."""
    made: list[str] = []
    original = migrated_urls.service.rsplit("/", 1)[1].split("?")[0]

    def copy() -> DatabaseUrls:
        name, urls = postgres.create_database(original)
        made.append(name)
        return urls

    yield copy
    for name in made:
        postgres.drop_database(name)


async def remember(user: UserMemory) -> None:
    await user.append("s1", [Message(role="user", content="My parcel A-17 is late.")])
    await user.end_session("s1", wait=True)
    await user.set_fact("home_city", "Leipzig")


def told(file: Path) -> list[str]:
    """What the ledger says, as states."""
    receipts = [entry(line).receipt for line in file.read_text().splitlines()]
    return ["swept" if receipt.swept_at else receipt.status for receipt in receipts]


async def test_each_step_of_an_erasure_stands_in_the_ledger_and_names_nobody(
    migrated_urls: DatabaseUrls, file: Path, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls, file) as memory:
        await remember(memory.user("acme", "xenia"))
        await memory.user("acme", "xenia").erase()
        assert told(file) == ["partial", "verified"]
        admin.execute("update recalld.erasures set sweep_at = now()")
        await memory.parts.eraser.resume()
        assert told(file) == ["partial", "verified", "swept"]
        chain = await memory.receipts("acme")
    receipts = [entry(line).receipt for line in file.read_text().splitlines()]
    assert receipts[1:] == chain
    assert faults(receipts, chain[0].key) == []  # what only began is signed and in no chain
    assert "xenia" not in file.read_text()


async def test_a_restored_database_is_brought_up_to_date_before_it_serves(
    migrated_urls: DatabaseUrls, file: Path, backup: Any
) -> None:
    async with opened(migrated_urls, file) as memory:
        for name in ("ada", "bob", "eve"):
            await remember(memory.user("acme", name))
        await memory.user("acme", "early").erase()
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        for name in ("ada", "bob"):
            await memory.user("acme", name).erase()
    async with opened(restored_urls, file) as restored:  # nothing more is asked of anybody
        for name in ("ada", "bob"):
            assert await restored.user("acme", name).facts() == []
            assert await restored.user("acme", name).episodes() == []
        assert len(await restored.user("acme", "eve").episodes()) == 1
        chain = await restored.receipts("acme")
        assert (len(chain), faults(chain, chain[0].key)) == (5, [])
    size = file.stat().st_size
    async with opened(restored_urls, file) as again:
        assert (await again.parts.tenants.catch_up()).erased == 0
    assert file.stat().st_size == size


async def test_who_has_returned_since_is_not_erased_again(migrated_urls: DatabaseUrls, file: Path, backup: Any) -> None:
    async with opened(migrated_urls, file) as memory:
        ada = memory.user("acme", "ada")
        await remember(ada)
        await ada.erase()
        await remember(ada)
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        await memory.user("acme", "bob").erase()
    async with opened(restored_urls, file) as restored:
        assert len(await restored.user("acme", "ada").episodes()) == 1


async def test_an_erasure_that_had_only_begun_is_carried_out_under_its_id(
    migrated_urls: DatabaseUrls, file: Path, backup: Any
) -> None:
    async with opened(migrated_urls, file) as memory:
        await remember(memory.user("acme", "ada"))
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        begun = await memory.parts.eraser.begin(memory.user("acme", "ada").ref)
        lost = await memory.parts.eraser.begin(memory.user("acme", "came-later").ref)
    async with opened(restored_urls, file) as restored:
        assert await restored.user("acme", "ada").facts() == []
        for one in (begun, lost):
            assert (await restored.erasure("acme", one.erasure_id)).verified
    size = file.stat().st_size
    async with opened(restored_urls, file):
        assert file.stat().st_size == size


async def test_a_crash_while_it_is_applied_serves_nobody_who_was_erased(
    migrated_urls: DatabaseUrls, file: Path, backup: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(migrated_urls, file) as memory:
        await remember(memory.user("acme", "ada"))
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        await memory.user("acme", "ada").erase()

    class Died(BaseException):
        pass

    async def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("recalld.privacy.erase.Eraser.carry_out", die)
        with pytest.raises(Died):
            async with opened(restored_urls, file):
                pass
    async with opened(restored_urls, None) as restored:
        assert await restored.user("acme", "ada").facts() == []


async def test_a_restored_tenant_that_was_erased_goes_again_with_its_keys(
    migrated_urls: DatabaseUrls, file: Path, backup: Any
) -> None:
    async with opened(migrated_urls, file) as memory:
        await memory.declare_purpose("acme", Purpose(purpose="general", description="d", legal_basis="contract"))
        await remember(memory.user("acme", "ada"))
        await remember(memory.user("other", "ada"))
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        assert (await memory.erase_tenant("acme")).verified
    async with opened(restored_urls, file) as restored:
        assert await restored.user("acme", "ada").episodes() == []
        assert await restored.purposes("acme") == []
        assert len(await restored.user("other", "ada").episodes()) == 1


async def test_an_erasure_is_not_done_before_it_stands_in_the_ledger(
    migrated_urls: DatabaseUrls, file: Path, admin: psycopg.Connection[Any]
) -> None:
    async with opened(migrated_urls, file) as memory:
        await remember(memory.user("acme", "ada"))
        away = file.rename(file.with_suffix(".away"))
        receipt = await memory.user("acme", "ada").erase()
        assert (receipt.status, receipt.layers["ledger"].after, receipt.layers["facts"].after) == (
            "partial",
            NOT_ANSWERED,
            0,
        )
        away.rename(file)
        admin.execute("update recalld.erasures set retry_at = now()")
        await memory.parts.eraser.resume()
        proof = await memory.erasure("acme", receipt.erasure_id)
    assert (proof.verified, "ledger" in proof.layers, told(file)) == (True, False, ["verified"])


async def test_a_ledger_that_is_missing_is_not_begun_by_itself(migrated_urls: DatabaseUrls, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="mount it"):
        async with opened(migrated_urls, tmp_path / "nowhere"):
            pass


async def test_lines_of_somebody_else_keep_it_from_serving(
    migrated_urls: DatabaseUrls, file: Path, backup: Any
) -> None:
    restored_urls = backup()
    async with opened(migrated_urls, file) as memory:
        await memory.user("acme", "ada").erase()
    body = json.loads(file.read_text().splitlines()[-1])
    body["receipt"]["subject"] = "f" * 64
    file.write_text(json.dumps(body) + "\n")
    with pytest.raises(InvalidInput, match="was changed"):
        async with opened(restored_urls, file):
            pass


async def test_a_line_that_a_crash_cut_off_does_not_swallow_the_next(migrated_urls: DatabaseUrls, file: Path) -> None:
    file.write_text('{"tenant_id": "ac')
    async with opened(migrated_urls, file) as memory:
        await memory.user("acme", "ada").erase()
    assert len(file.read_text().splitlines()) == 3
    async with opened(migrated_urls, file) as memory:
        assert len(await memory.receipts("acme")) == 1
