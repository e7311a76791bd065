"""The users that benchmarks load are those that the pipeline would have made."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import sql

from benchmarks.load import TABLES, ingest_people, load, made_id, user_id
from benchmarks.people import FACTS, NOW, ORDINARY, TENANT, Shape
from recalld import Memory
from recalld.cli.plan import plan_for
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.lint import lint

PEOPLE, SESSIONS, USERS = 2, 3, 101
OF_USER = "select * from recalld.{} where user_id = %s"
SHAPE = Shape(sentences=2, points=1, topics=1)


def rows_of(admin: psycopg.Connection[Any], user: str) -> dict[str, list[str]]:
    """All rows of a user in every table that has users, without the id."""
    tables = admin.execute(
        """select table_name from information_schema.columns
           where table_schema = 'recalld' and column_name = 'user_id' order by 1"""
    ).fetchall()
    return {
        table: sorted(
            str(row).replace(user, "")
            for row in admin.execute(sql.SQL(OF_USER).format(sql.Identifier(table)), (user,)).fetchall()
        )
        for (table,) in tables
    }


def definitions(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Indexes, constraints and the state of row-level security."""
    return [
        *admin.execute("select indexdef from pg_indexes where schemaname = 'recalld' order by 1").fetchall(),
        *admin.execute(
            """select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
               where connamespace = 'recalld'::regnamespace order by 1, 2"""
        ).fetchall(),
        *admin.execute(
            """select relname, relrowsecurity, relforcerowsecurity from pg_class
               where relnamespace = 'recalld'::regnamespace and relkind = 'r' order by 1"""
        ).fetchall(),
    ]


@pytest.fixture
async def loaded(memory: Memory, migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]) -> dict[str, Any]:
    """What was there before the load: the people that were ingested, and the schema."""
    await ingest_people(memory, SESSIONS, people=PEOPLE, shape=SHAPE)
    before = {"made": [rows_of(admin, made_id(number)) for number in range(PEOPLE)], "schema": definitions(admin)}
    await asyncio.to_thread(load, migrated_urls.migrator, USERS, people=PEOPLE)
    return before


async def test_a_loaded_user_has_the_rows_of_the_ingested_one(loaded: dict[str, Any], admin: psycopg.Connection[Any]):
    made = loaded["made"]
    assert {table for table, rows in made[0].items() if rows} == set(TABLES)
    assert rows_of(admin, user_id(0)) == made[0]
    assert rows_of(admin, user_id(50)) == made[1]
    assert rows_of(admin, user_id(100)) == made[0]
    assert not rows_of(admin, made_id(0))["users"]


def test_a_load_leaves_the_schema_as_it_was(loaded: dict[str, Any], admin: psycopg.Connection[Any]):
    assert definitions(admin) == loaded["schema"]


async def test_a_loaded_user_has_a_context(loaded: dict[str, Any], memory: Memory):
    for number in (0, 50, USERS - 1):
        user = memory.user(TENANT, user_id(number))
        context = await user.context("what do I like?", at=NOW)
        assert len(context.facts) == min(SESSIONS, FACTS)
        assert len(await user.episodes()) == SESSIONS
        newest = (await user.episodes())[0]
        assert newest in [hit.episode for hit in await user.search(newest.points[0], at=NOW)]


async def test_a_loaded_database_is_sound(loaded: dict[str, Any], memory: Memory):
    compared = await memory.parts.reconciler.verify()
    assert (compared.equal, compared.users, compared.episodes) == (True, USERS, USERS * SESSIONS)
    async with memory.parts.database.catalog() as connection:
        assert await lint(connection) == []


async def test_the_plan_counts_as_many_bytes_as_a_user_takes(
    memory: Memory, migrated_urls: DatabaseUrls, admin: psycopg.Connection[Any]
):
    sessions, users = 10, 1_000
    await ingest_people(memory, sessions, people=PEOPLE, shape=ORDINARY)
    await asyncio.to_thread(load, migrated_urls.migrator, users, people=PEOPLE)
    (stored,) = admin.execute(
        "select sum(pg_total_relation_size('recalld.' || name)) from unnest(%s::text[]) name", (list(TABLES),)
    ).fetchall()
    assert float(stored[0]) / users == pytest.approx(plan_for(users, sessions, 1).bytes_per_user, rel=0.1)
