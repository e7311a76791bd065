"""The bootstrap: the same roles from a superuser and from a managed database's administrator, and none of them too strong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from recalld.errors import ConfigurationError
from recalld.postgres.account import server_account
from recalld.postgres.bootstrap import MIGRATOR_LOGIN, SERVICE_LOGIN, bootstrap
from recalld.postgres.cluster import ADMIN, Cluster, create_cluster
from recalld.postgres.server_settings import SETTINGS

GROUPS = ["app", "auditor", "eraser", "gate", "owner", "queue", "sweeper", "worker"]
PASSWORD = "only-for-tests"

MEMBERSHIPS = """
select granted.rolname, member.rolname, inherit_option, set_option, admin_option
from pg_auth_members join pg_roles granted on granted.oid = roleid join pg_roles member on member.oid = member
where granted.rolname ~ '^recalld_' and member.rolname ~ '^recalld_'
"""


def prepare(admin: str, database: str, **passwords: str) -> None:
    given = {"service_password": PASSWORD, "migrator_password": PASSWORD, **passwords}
    with psycopg.connect(admin) as connection:
        bootstrap(connection, database=database, **given)


def name_of(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


# ---------------------------------------------------------------- what everybody gets
def test_group_roles_cannot_log_in_and_bypass_nothing(database_urls):
    with psycopg.connect(database_urls.service) as connection:
        rows = connection.execute(
            "select rolname, rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
            " from pg_roles where rolname = any(%s)",
            ([f"recalld_{name}" for name in GROUPS],),
        ).fetchall()
    assert sorted(rows) == [(f"recalld_{name}", False) for name in GROUPS]


def test_the_serving_login_becomes_serving_roles_only_and_inherits_only_the_queue(database_urls):
    with psycopg.connect(database_urls.service) as connection:
        rows = connection.execute(MEMBERSHIPS).fetchall()
    service = {
        granted: inherits for granted, member, inherits, may_set, _ in rows if member == SERVICE_LOGIN and may_set
    }
    assert service == {f"recalld_{name}": name == "queue" for name in GROUPS if name != "owner"}
    assert not any(admin for *_, admin in rows)


def test_only_the_migrator_becomes_the_owner(database_urls):
    with psycopg.connect(database_urls.service) as connection:
        rows = connection.execute(MEMBERSHIPS).fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("set role recalld_owner")
    assert [member for granted, member, *_ in rows if granted == "recalld_owner"] == [MIGRATOR_LOGIN]


def test_the_migrator_makes_schemas_as_the_owner(database_urls):
    with psycopg.connect(database_urls.migrator) as connection:
        connection.execute("set role recalld_owner")
        connection.execute("create schema recalld_jobs")
        row = connection.execute(
            "select nspowner::regrole::text from pg_namespace where nspname = 'recalld_jobs'"
        ).fetchone()
    assert row == ("recalld_owner",)


def test_the_migrator_may_force_old_log_out(database_urls):
    with psycopg.connect(database_urls.migrator, autocommit=True) as connection:
        connection.execute("select pg_switch_wal()")
        connection.execute("checkpoint")


@pytest.mark.parametrize("which", ["service", "migrator"])
def test_vectors_are_found_by_name(database_urls, which):
    with psycopg.connect(getattr(database_urls, which)) as connection:
        assert connection.execute("select '[1,2]'::vector <=> '[1,2]'").fetchone() == (0.0,)


@pytest.mark.parametrize("what", ["temporary table facts (id int)", "table public.facts (id int)", "schema mine"])
def test_the_serving_login_makes_nothing(database_urls, what):
    with psycopg.connect(database_urls.service) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"create {what}".encode())


def test_other_logins_may_not_enter_the_database(postgres, database_urls):
    with psycopg.connect(postgres.admin, autocommit=True) as admin:
        admin.execute(f"drop role if exists stranger; create role stranger login password '{PASSWORD}'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(database_urls.service, user="stranger", password=PASSWORD)


# ---------------------------------------------------------------- again, at once, and over what is there
def test_repeating_changes_nothing(postgres, database_urls):
    with psycopg.connect(database_urls.service) as connection:
        before = sorted(connection.execute(MEMBERSHIPS).fetchall())
        prepare(postgres.admin, name_of(database_urls.service))
        assert sorted(connection.execute(MEMBERSHIPS).fetchall()) == before


def test_several_databases_at_once_do_not_disturb_each_other(postgres):
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(postgres.create_database()[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 4
    for name in names:
        with psycopg.connect(postgres.urls(name).service) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        postgres.drop_database(name)


def test_passwords_reach_the_server_only_as_verifiers(postgres):
    """The statement that sets one could be logged by a server that logs statements."""
    with psycopg.connect(postgres.admin) as admin:
        row = admin.execute("select rolpassword from pg_authid where rolname = %s", (SERVICE_LOGIN,)).fetchone()
    assert row is not None
    assert row[0].startswith("SCRAM-SHA-256$")


# ---------------------------------------------------------------- a cluster of its own, as a provider would have it
@dataclass
class Provider:
    """A server with an administrator who is no superuser."""

    cluster: Cluster

    def conninfo(self, login: str, database: str = "postgres") -> str:
        return self.cluster.conninfo(login=login, password=PASSWORD, database=database)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """As the provider's superuser."""
        with psycopg.connect(self.conninfo(ADMIN, database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture
def provider(open_tmp_path: Path, binaries) -> Iterator[Provider]:
    """A fresh server; its administrator `manager` makes roles and databases."""
    account = server_account(open_tmp_path / "cluster")
    sockets = open_tmp_path / "run"
    sockets.mkdir()
    account.give(sockets, 0o700)
    own = binaries.copied_to(open_tmp_path)  # a copy, so that a test may take something out of it
    cluster = Cluster(directory=open_tmp_path / "cluster", socket_directory=sockets, binaries=own, account=account)
    create_cluster(cluster, admin_password=PASSWORD)
    cluster.start({**SETTINGS, "fsync": "off"})
    provider = Provider(cluster)
    provider.run(f"create role manager login createrole createdb password '{PASSWORD}'")
    yield provider
    cluster.stop()


def test_an_administrator_without_superuser_rights_prepares_a_database(provider):
    provider.run("create database recalld owner manager")
    provider.run("create extension vector", database="recalld")  # providers allow it to their administrators
    for _ in range(2):
        prepare(provider.conninfo("manager"), "recalld")
    with psycopg.connect(provider.conninfo(SERVICE_LOGIN, "recalld"), autocommit=True) as connection:
        connection.execute("set role recalld_app")
        assert connection.execute("select '[1]'::vector::text").fetchone() == ("[1]",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create temporary table facts (id int)")
    with psycopg.connect(provider.conninfo(MIGRATOR_LOGIN, "recalld")) as connection:
        connection.execute("set role recalld_owner")
        connection.execute("create schema recalld")


def test_an_administrator_who_may_not_install_pgvector_is_told_so(provider):
    with pytest.raises(ConfigurationError, match="vector"):
        prepare(provider.conninfo("manager"), "recalld")


def test_a_server_without_pgvector_is_named_as_such(provider):
    for control in provider.cluster.binaries.root.rglob("vector.control"):
        control.unlink()
    with pytest.raises(ConfigurationError, match="pgvector is not installed"):
        prepare(provider.conninfo(ADMIN), "recalld")


def test_a_login_that_is_a_superuser_already_is_refused(provider):
    provider.run(f"create role {SERVICE_LOGIN} login superuser")
    with pytest.raises(ConfigurationError, match="bypass row-level security"):
        prepare(provider.conninfo(ADMIN), "recalld")


def test_a_database_of_another_owner_is_refused(provider):
    provider.run("create database recalld")
    provider.run("create extension vector", database="recalld")
    with pytest.raises(ConfigurationError, match="refused"):
        prepare(provider.conninfo("manager"), "recalld")


def test_the_logins_may_have_other_names(provider):
    prepare(provider.conninfo(ADMIN), "recalld", service_login="mem_service", migrator_login="mem_migrator")
    for login in ("mem_service", "mem_migrator"):
        with psycopg.connect(make_conninfo(provider.conninfo(login, "recalld"))) as connection:
            assert connection.execute("select current_setting('search_path')").fetchone() == ("recalld_jobs, public",)


def test_vectors_may_live_in_another_schema(provider):
    provider.run("create database recalld")
    provider.run("create schema extensions", "create extension vector schema extensions", database="recalld")
    prepare(provider.conninfo(ADMIN), "recalld")
    for role in ("recalld_app", "recalld_worker", "recalld_eraser"):
        with psycopg.connect(provider.conninfo(SERVICE_LOGIN, "recalld")) as connection:
            connection.execute(f"set role {role}".encode())
            assert connection.execute("select '[1]'::vector::text").fetchone() == ("[1]",)
