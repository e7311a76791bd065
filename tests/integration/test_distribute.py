"""What distributing the schema does, as far as it can be seen without a Citus: every table has its place, and nothing else is touched."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, cast

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from recalld.errors import MigrationError
from recalld.postgres.distribute import BESIDE, FIRST, ON_COORDINATOR, REFERENCE, distribute, is_distributed, unforce
from recalld.postgres.embedded import DatabaseUrls
from recalld.postgres.lint import lint
from recalld.postgres.pool import Connection, Database
from tests.conftest import TestPostgres


@pytest.fixture
def superuser(postgres: TestPostgres, migrated_urls: DatabaseUrls) -> str:
    return postgres.admin_of(str(conninfo_to_dict(migrated_urls.service)["dbname"]))


@pytest.fixture
async def connection(superuser: str) -> AsyncIterator[Connection]:
    connecting = cast("type[Connection]", psycopg.AsyncConnection).connect
    async with await connecting(superuser, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def test_every_table_has_one_place(admin: psycopg.Connection[Any]) -> None:
    found = admin.execute(
        "select relname from pg_class where relnamespace = 'recalld'::regnamespace and relkind = 'r'"
    ).fetchall()
    places = [FIRST, *BESIDE, *REFERENCE, *ON_COORDINATOR]
    assert sorted(places) == sorted(name for (name,) in found)


def test_every_key_of_a_distributed_table_holds_the_user(admin: psycopg.Connection[Any]) -> None:
    keys = admin.execute(
        "select indrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index "
        "join pg_class c on c.oid = indrelid where indisunique and relnamespace = 'recalld'::regnamespace and relkind = 'r'"
    ).fetchall()
    without = [index for table, index in keys if table.split(".")[-1] in {FIRST, *BESIDE} and "user_id" not in index]
    assert without == []


def test_no_foreign_key_leaves_the_colocated_tables(admin: psycopg.Connection[Any]) -> None:
    keys = admin.execute(
        "select conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint "
        "where contype = 'f' and connamespace = 'recalld'::regnamespace"
    ).fetchall()
    for _table, referenced, definition in keys:
        assert "user_id" in definition or referenced.split(".")[-1] in REFERENCE
        assert not re.search(r"on delete set (null|default)", definition, re.IGNORECASE)


async def test_a_postgresql_without_citus_is_told_apart(superuser: str, connection: Connection) -> None:
    assert await is_distributed(connection) is False
    with pytest.raises(MigrationError, match="extension 'citus' is not in this database"):
        await distribute(superuser)


async def test_without_force_the_catalog_is_safe_for_a_distributed_database_only(
    connection: Connection, database: Database
) -> None:
    for table in (FIRST, *BESIDE):
        await unforce(connection, f"recalld.{table}")
        await unforce(connection, f"recalld.{table}")
    async with database.catalog() as catalog:
        assert await lint(catalog, distributed=True) == []
        assert len(await lint(catalog)) == len((FIRST, *BESIDE))
