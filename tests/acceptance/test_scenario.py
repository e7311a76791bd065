"""One life of a user's memory on every combination of stores: append, end, context, contradiction, purpose, erasure with its proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from redis import Redis

from recalld import Memory
from recalld.postgres.bootstrap import bootstrap
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.migrate import migrate
from recalld.testing.pinecone_server import PineconeServer
from tests.conftest import TEST_PASSWORD, TestPostgres
from tests.scenario import live_and_be_forgotten


@pytest.fixture(params=["in_process", "redis"])
def working(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "in_process":
        return {}
    url = request.getfixturevalue("redis_url")
    with Redis.from_url(url) as client:
        client.flushall()
    return {"redis_url": url}


@pytest.fixture(params=["pgvector", "qdrant", "pinecone"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    if request.param == "pinecone":
        async with PineconeServer() as server:
            yield {"vectors": f"pinecone:{server.url}", "vectors_api_key": "any"}
    else:
        yield {"vectors": "pgvector" if request.param == "pgvector" else f"qdrant:{tmp_path}"}


@pytest.fixture
async def memory(
    migrated_urls: DatabaseUrls, working: dict[str, Any], vectors: dict[str, Any]
) -> AsyncIterator[Memory]:
    async with Memory.open(database_url=migrated_urls.service, worker=False, **working, **vectors) as memory:
        yield memory


async def test_memory_is_kept_corrected_limited_to_its_purpose_and_erased(memory: Memory) -> None:
    await live_and_be_forgotten(memory)


async def test_the_oldest_server_serves_when_its_administrator_is_no_superuser(oldest_postgres: TestPostgres) -> None:
    """As a managed database is: who prepares it may make roles, owns the database, and may do nothing else."""
    with psycopg.connect(oldest_postgres.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("create role manager login createrole password {}").format(TEST_PASSWORD))
        admin.execute("create database managed owner manager")
    with psycopg.connect(oldest_postgres.admin_of("managed")) as admin:
        admin.execute("create extension vector")  # providers allow it to their administrators
    manager = make_conninfo(oldest_postgres.admin_of("managed"), user="manager", password=TEST_PASSWORD)
    with psycopg.connect(manager) as connection:
        bootstrap(connection, database="managed", service_password=TEST_PASSWORD, migrator_password=TEST_PASSWORD)
    urls = oldest_postgres.urls("managed")
    await migrate(urls.migrator)
    async with Memory.open(database_url=urls.service, worker=False) as memory:
        await live_and_be_forgotten(memory)
