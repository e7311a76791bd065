"""File locks: shared, exclusive, and gone with their holder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recalld.postgres.locks import FileLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.lock"


def test_an_exclusive_lock_excludes_every_other(path):
    first, second = FileLock(path), FileLock(path)
    assert first.try_exclusive()
    assert not second.try_exclusive()
    assert not second.try_shared()
    assert (first.held, second.held) == (True, False)
    first.release()
    assert second.try_exclusive()
    second.release()


def test_shared_locks_go_together_and_exclude_an_exclusive_one(path):
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    assert first.try_shared()
    assert second.try_shared()
    assert not third.try_exclusive()
    first.release()
    second.release()
    assert third.try_exclusive()
    third.release()


def test_a_failed_change_from_shared_to_exclusive_gives_the_lock_up(path):
    first, second = FileLock(path), FileLock(path)
    assert first.try_shared()
    assert second.try_shared()
    assert not first.try_exclusive()
    assert not first.held
    assert second.try_exclusive()
    second.release()


def test_releasing_twice_is_harmless(path):
    lock = FileLock(path)
    assert lock.try_exclusive()
    lock.release()
    lock.release()
    assert not lock.held


def test_waiting_ends_when_the_time_is_over(path):
    holder, waiter = FileLock(path), FileLock(path)
    assert holder.try_exclusive()
    assert not waiter.wait_exclusive(0)
    assert not waiter.wait_shared(0)
    holder.release()
    assert waiter.wait_shared(0)
    waiter.release()


def test_a_note_replaces_the_one_before(path):
    lock = FileLock(path)
    assert lock.try_exclusive()
    lock.note("a long note\n")
    lock.note("1\n")
    assert path.read_text() == "1\n"
    lock.release()


def test_a_killed_process_holds_nothing(path):
    script = """
import sys
from pathlib import Path
from recalld.postgres.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.try_exclusive(), flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script, str(path)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        lock = FileLock(path)
        assert not lock.try_exclusive()
        other.kill()
        other.wait()
        assert lock.try_exclusive()
        lock.release()
