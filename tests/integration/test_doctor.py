"""What the doctor finds in a data directory, and what it says to do."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from recalld.postgres import doctor
from recalld.postgres.cluster import process_runs, read_postmaster
from recalld.postgres.credentials import Credentials
from recalld.postgres.doctor import Finding, examine
from recalld.postgres.embedded import EmbeddedPostgres, cluster_in


@pytest.fixture
def data_dir(open_tmp_path: Path) -> Path:
    return open_tmp_path / "data"


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A running server."""
    server = EmbeddedPostgres(data_dir, settings={"fsync": "off"})
    server.start()
    yield server
    server.stop()


def found(data_dir: Path, subject: str) -> Finding:
    """The one finding about *subject*."""
    (finding,) = [finding for finding in examine(data_dir) if finding.subject == subject]
    return finding


def troubles(data_dir: Path) -> list[str]:
    return [finding.subject for finding in examine(data_dir) if finding.level != "ok"]


@contextmanager
def as_superuser(server: EmbeddedPostgres, data_dir: Path) -> Generator[psycopg.Connection]:
    """The superuser in the server's database, as somebody who can change the files may become it."""
    server.stop()
    cluster = cluster_in(data_dir)
    conninfo = cluster.start_for_maintenance({"fsync": "off"}, port=2)
    with psycopg.connect(conninfo, dbname="recalld", autocommit=True) as admin:
        yield admin
    cluster.stop()


def postmaster_pid(data_dir: Path) -> int:
    postmaster = read_postmaster(data_dir / "cluster")
    assert postmaster is not None
    return postmaster.pid


def test_a_directory_that_does_not_exist_is_no_trouble_and_is_not_made(data_dir):
    assert troubles(data_dir) == []
    assert not data_dir.exists()


def test_a_healthy_server_has_no_trouble(data_dir):
    server = EmbeddedPostgres(data_dir)
    server.start()
    assert troubles(data_dir) == []
    assert f"process {os.getpid()} answers" in found(data_dir, "owner").message
    assert "pgvector" in found(data_dir, "login").message
    server.stop()
    assert troubles(data_dir) == []
    assert found(data_dir, "server").message == "stopped cleanly"


def test_every_trouble_comes_with_a_remedy_and_no_finding_with_a_password(server, data_dir):
    credentials = Credentials.read(data_dir / "credentials.json")
    assert credentials is not None
    (data_dir / "credentials.json").chmod(0o644)
    (data_dir / "cluster.unfinished-0").mkdir()
    findings = examine(data_dir)
    assert all(finding.remedy for finding in findings if finding.level != "ok")
    for password in (credentials.service_password, credentials.migrator_password):
        assert not [finding for finding in findings if password in repr(finding)]


def test_looking_changes_nothing(server, data_dir):
    def state() -> list[tuple[str, int, int]]:
        paths = [data_dir, *data_dir.glob("*")]
        return sorted((str(path), path.stat().st_mode, path.stat().st_uid) for path in paths)

    before = state()
    examine(data_dir)
    assert state() == before
    assert server.owner


def test_a_killed_server_is_told_from_one_that_stopped(server, data_dir):
    pid = postmaster_pid(data_dir)
    os.kill(pid, signal.SIGKILL)
    while process_runs(pid):
        time.sleep(0.002)
    finding = found(data_dir, "server")
    assert finding.level == "warning"
    assert str(pid) in finding.message
    assert "recovers by itself" in finding.remedy


def test_a_pid_that_a_stranger_has_now_is_a_dead_server(server, data_dir):
    server.stop()
    user = None if os.geteuid() else cluster_in(data_dir).account.uid
    with subprocess.Popen(["sleep", "600"], cwd="/", user=user) as stranger:
        (data_dir / "cluster" / "postmaster.pid").write_text(f"{stranger.pid}\n{data_dir}/cluster\n1\n5432\n\n\n")
        assert "died" in found(data_dir, "server").message
        stranger.kill()
    (data_dir / "cluster" / "postmaster.pid").unlink()


def test_a_hanging_server_is_a_problem(server, data_dir):
    pid = postmaster_pid(data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        finding = found(data_dir, "server")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert finding.level == "problem"
    assert "does not answer" in finding.message


def test_missing_credentials_are_a_problem(server, data_dir):
    server.stop()
    (data_dir / "credentials.json").unlink()
    assert found(data_dir, "credentials").level == "problem"


def test_readable_credentials_are_a_warning(server, data_dir):
    (data_dir / "credentials.json").chmod(0o640)
    assert "chmod 600" in found(data_dir, "credentials").remedy


def test_wrong_credentials_are_a_problem(server, data_dir):
    known = Credentials.read(data_dir / "credentials.json")
    assert known is not None
    Credentials.random(known.bootstrap).write(data_dir / "credentials.json")
    finding = found(data_dir, "login")
    known.write(data_dir / "credentials.json")
    assert finding.level == "problem"
    assert "password authentication failed" in finding.message


def test_an_open_data_directory_is_a_warning(server, data_dir):
    data_dir.chmod(0o755)
    assert found(data_dir, "data directory").remedy.startswith("chmod 7")


def test_remains_of_an_interrupted_first_start_are_a_warning(data_dir):
    (data_dir / "cluster.unfinished-1234").mkdir(parents=True)
    assert "cluster.unfinished-1234" in found(data_dir, "remains").message


def test_data_of_another_version_of_postgresql_are_a_problem(data_dir):
    (data_dir / "cluster").mkdir(parents=True)
    (data_dir / "cluster" / "PG_VERSION").write_text("9\n")
    finding = found(data_dir, "data")
    assert finding.level == "problem"
    assert "PostgreSQL 9" in finding.message


def test_a_clock_that_went_back_is_a_warning(server, data_dir):
    server.stop()
    later = time.time() + 7200
    os.utime(data_dir / "credentials.json", (later, later))
    assert found(data_dir, "clock").level == "warning"


@pytest.mark.parametrize(("needed", "level"), [("FREE_BYTES_LOW", "warning"), ("FREE_BYTES_NONE", "problem")])
def test_a_full_disk_is_said_before_it_stops_everything(data_dir, monkeypatch, needed, level):
    data_dir.mkdir()
    monkeypatch.setattr(doctor, needed, 2**80)
    assert found(data_dir, "disk").level == level


def test_durability_that_was_switched_off_is_a_warning(server, data_dir):
    assert found(data_dir, "durability").level == "warning"


def test_a_login_that_became_a_superuser_is_a_problem(server, data_dir):
    with as_superuser(server, data_dir) as admin:
        admin.execute("alter role recalld_service superuser")
    server.start()
    finding = found(data_dir, "login")
    assert finding.level == "problem"
    assert "bypass row-level security" in finding.message


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_is_told_of_a_directory_that_its_server_cannot_reach(open_tmp_path):
    (open_tmp_path / "private").mkdir(mode=0o700)
    (open_tmp_path / "private" / "data").mkdir(mode=0o700)
    finding = found(open_tmp_path / "private" / "data", "account")
    assert finding.level == "problem"
