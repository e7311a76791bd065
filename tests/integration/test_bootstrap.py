"""The bootstrap: roles that cannot bypass row-level security, the same for a superuser and a managed database's administrator."""

from __future__ import annotations

import psycopg
import pytest


def test_the_serving_login_has_no_power_over_row_level_security(database_urls):
    with psycopg.connect(database_urls.service) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolinherit from pg_roles where rolname = current_user"
        ).fetchone()
    assert row is not None
    assert row[:3] == (False, False, False)


def test_the_serving_login_cannot_make_temporary_tables(database_urls):
    with psycopg.connect(database_urls.service) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create temporary table facts (id int)")
