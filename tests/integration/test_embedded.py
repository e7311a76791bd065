"""The embedded server under real processes: first starts, sharing, and every way of dying."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from recalld.errors import ConfigurationError, DatabaseUnavailable
from recalld.postgres import cluster
from recalld.postgres.binaries import Binaries
from recalld.postgres.cluster import ADMIN, Answer, ask, process_runs, read_postmaster
from recalld.postgres.credentials import Credentials
from recalld.postgres.embedded import DatabaseUrls, EmbeddedPostgres, cluster_in

AS_ROOT = os.geteuid() == 0
PREFIX = "recalld-tests-"
PATIENCE = 60  # seconds; far more than anything here takes
FAST = {"fsync": "off"}  # processes die here, machines do not

# a process that uses the server until its input ends: one line of JSON when it has started
USER = """
import json, os, sys
from pathlib import Path
from recalld.postgres.embedded import EmbeddedPostgres
for number in sys.argv[2:3]:  # become an ordinary user, after the imports, which may be out of its reach
    sys.path.insert(0, sys.argv[3])
    os.setgroups([]); os.setgid(int(number)); os.setuid(int(number))
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"})
urls = server.start()
print(json.dumps({"owner": server.owner, "service": urls.service, "migrator": urls.migrator}), flush=True)
sys.stdin.read()
server.stop()
"""

# the same, killed by the kernel when it comes to a certain step
KILLED_AT = """
import os, signal
from recalld.postgres import embedded
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class Other:
    """Another process that uses the server."""

    process: subprocess.Popen[str]

    def started(self) -> dict[str, str]:
        """What it said when it had started."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.complaint()
        return json.loads(line)

    def complaint(self) -> str:
        """What it said when it ended in an error."""
        return self.process.communicate(timeout=PATIENCE)[1]

    def killed(self) -> None:
        """Its end by its own `kill -9`."""
        self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == -signal.SIGKILL

    def kill(self) -> None:
        """`kill -9`, and its end."""
        self.process.kill()
        self.process.communicate()

    def leave(self) -> None:
        """Let it stop in its own way."""
        self.process.communicate(timeout=PATIENCE)


def end_server(data_dir: Path) -> None:
    """End whatever server a test left running, without ceremony."""
    for directory in data_dir.glob("cluster*"):
        if directory.is_dir():
            replace(cluster_in(data_dir), directory=directory).end_processes()


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A data directory that tests use one after the other: each leaves it fit for the next, however it treated it."""
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711)
    yield home / "data"
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def data_dir(used: Path) -> Iterator[Path]:
    """A data directory that may have been used before; no server runs in it."""
    yield used
    end_server(used)


@pytest.fixture
def fresh_dir(open_tmp_path: Path) -> Iterator[Path]:
    """A data directory that does not exist yet."""
    yield open_tmp_path / "data"
    end_server(open_tmp_path / "data")


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server object of this process, not started."""
    server = EmbeddedPostgres(data_dir, settings=FAST)
    yield server
    server.stop()


@pytest.fixture
def fresh(fresh_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server object of this process on a data directory that does not exist yet."""
    server = EmbeddedPostgres(fresh_dir, settings=FAST)
    yield server
    server.stop()


@pytest.fixture
def spawn(used: Path) -> Iterator[Callable[..., Other]]:
    """Starts other processes on the data directory; ends them after the test."""
    others: list[Other] = []

    def start(script: str = USER, *arguments: str, path: Path = used, python_path: str = "") -> Other:
        environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([python_path, *sys.path])}
        command = [sys.executable, "-c", script, str(path), *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, text=True, env=environment, cwd="/", stdin=pipe, stdout=pipe, stderr=pipe)
        others.append(Other(process))
        return others[-1]

    yield start
    for other in others:
        other.kill()


# ---------------------------------------------------------------- what the tests look at
def until(condition: Callable[[], object]) -> None:
    """Wait for *condition*."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def kill(pid: int) -> None:
    """`kill -9` of a process that is not our child, and its end."""
    if hasattr(os, "pidfd_open"):
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([handle], [], [], PATIENCE)
        os.close(handle)
    else:
        os.kill(pid, signal.SIGKILL)
        until(lambda: subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode != 0)


def postmaster_pid(data_dir: Path) -> int:
    postmaster = read_postmaster(data_dir / "cluster")
    assert postmaster is not None
    return postmaster.pid


def remember(urls: DatabaseUrls) -> str:
    """Commit a word that nobody said before."""
    word = token_hex(8)
    with psycopg.connect(urls.migrator) as connection:
        connection.execute("set role recalld_owner")
        connection.execute("create schema if not exists kept")
        connection.execute("create table if not exists kept.words (word text)")
        connection.execute("insert into kept.words values (%s)", (word,))
    return word


def remembered(urls: DatabaseUrls) -> list[str]:
    with psycopg.connect(urls.migrator) as connection:
        return [word for (word,) in connection.execute("select word from kept.words order by word")]


def serves(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def running(data_dir: Path) -> bool:
    return cluster_in(data_dir).process_alive


def modes(path: Path) -> list[int]:
    return [parent.stat().st_mode for parent in path.parents]


# ---------------------------------------------------------------- making, starting, stopping
def test_data_survives_a_stop_and_a_start(data_dir):
    server = EmbeddedPostgres(data_dir)
    first = remember(server.start())
    server.stop()
    assert not running(data_dir)
    again = server.start()
    second = remember(again)
    assert {first, second} <= set(remembered(again))
    server.stop()


def test_starting_twice_gives_the_same_addresses(server):
    assert server.start() == server.start() == server.ensure_running()


def test_a_first_start_leaves_directories_above_alone(fresh, fresh_dir):
    before = modes(fresh_dir)
    fresh.start()
    assert modes(fresh_dir) == before
    assert fresh_dir.stat().st_mode & 0o777 == (0o710 if AS_ROOT else 0o700)


def test_credentials_are_readable_by_their_owner_alone(server, data_dir):
    server.start()
    assert (data_dir / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_addresses_do_not_show_passwords_when_printed(server):
    urls = server.start()
    password = str(conninfo_to_dict(urls.service)["password"])
    assert password not in repr(urls)


def test_an_exit_without_stop_stops_the_server(spawn, data_dir):
    other = spawn(USER.replace("server.stop()", ""))
    other.started()
    other.leave()
    assert not running(data_dir)


def test_a_directory_with_other_things_in_it_is_refused_and_left_alone(fresh, fresh_dir):
    fresh_dir.mkdir(mode=0o755)
    (fresh_dir / "thesis.txt").write_text("mine")
    before = fresh_dir.stat().st_mode
    with pytest.raises(ConfigurationError, match="not recalld's"):
        fresh.start()
    assert fresh_dir.stat().st_mode == before
    assert [path.name for path in fresh_dir.iterdir()] == ["thesis.txt"]


def test_an_empty_mounted_volume_is_accepted(fresh, fresh_dir):
    (fresh_dir / "lost+found").mkdir(parents=True)
    assert serves(fresh.start().service)


def test_a_long_path_puts_the_socket_elsewhere(open_tmp_path):
    server = EmbeddedPostgres(open_tmp_path / ("long-" * 25) / "data", settings=FAST)
    urls = server.start()
    place = Path(str(conninfo_to_dict(urls.service)["host"]))
    assert serves(urls.service)
    assert place.stat().st_mode & 0o777 == 0o700
    server.stop()
    place.rmdir()  # empty: no socket is left


def test_a_wrong_setting_is_named(data_dir):
    server = EmbeddedPostgres(data_dir, settings={**FAST, "shared_buffers": "a lot"})
    with pytest.raises(ConfigurationError, match="shared_buffers"):
        server.start()
    assert not server.owner


# ---------------------------------------------------------------- sharing
def test_a_second_process_attaches_to_the_running_server(server, spawn, data_dir):
    server.start()
    other = spawn().started()
    assert server.owner
    assert not other["owner"]
    assert serves(other["service"])


def test_three_processes_starting_at_once_share_one_server(spawn, fresh_dir):
    others = [spawn(path=fresh_dir) for _ in range(3)]
    answers = [other.started() for other in others]
    assert sorted(answer["owner"] for answer in answers) == [False, False, True]
    assert len({answer["service"] for answer in answers}) == 1
    assert all(serves(answer["service"]) for answer in answers)


def test_the_server_stays_while_somebody_uses_it_and_the_last_one_stops_it(server, spawn, data_dir):
    first = spawn()
    first.started()
    urls = server.start()
    with psycopg.connect(urls.service) as connection:
        first.leave()
        assert connection.execute("select 1").fetchone() == (1,)
    server.stop()
    assert not running(data_dir)


def test_two_objects_in_one_process_share_like_two_processes(server, data_dir):
    server.start()
    second = EmbeddedPostgres(data_dir, settings=FAST)
    second.start()
    assert not second.owner
    second.stop()
    assert running(data_dir)


def test_a_forked_child_neither_owns_nor_stops_the_server(spawn, data_dir):
    script = USER.replace(
        "sys.stdin.read()", "import os\nif os.fork() == 0:\n    server.stop(); sys.exit()\nos.wait()\nsys.stdin.read()"
    )
    other = spawn(script)
    other.started()
    assert running(data_dir)
    other.leave()
    assert not running(data_dir)


# ---------------------------------------------------------------- kill -9
def test_the_server_of_a_killed_owner_is_adopted(server, spawn, data_dir):
    owner = spawn()
    owner.started()
    pid = postmaster_pid(data_dir)
    owner.kill()
    urls = server.start()
    assert server.owner
    assert serves(urls.service)
    assert postmaster_pid(data_dir) == pid


def test_an_attached_process_becomes_the_owner_of_a_killed_owners_server(server, spawn):
    owner = spawn()
    owner.started()
    server.start()
    assert not server.owner
    owner.kill()
    server.ensure_running()
    assert server.owner


def test_a_killed_server_is_started_again_with_all_it_acknowledged(server, data_dir):
    urls = server.start()
    word = remember(urls)
    kill(postmaster_pid(data_dir))
    assert server.ensure_running() == urls
    assert word in remembered(urls)


def test_an_attached_process_starts_the_killed_server_of_an_idle_owner(server, spawn, data_dir):
    spawn().started()
    server.start()
    kill(postmaster_pid(data_dir))
    assert serves(server.ensure_running().service)
    assert not server.owner


def test_owner_and_server_killed_together_recover(server, spawn, data_dir):
    owner = spawn()
    urls = owner.started()
    word = remember(DatabaseUrls(service=urls["service"], migrator=urls["migrator"]))
    owner.kill()
    kill(postmaster_pid(data_dir))
    assert word in remembered(server.start())


def test_a_backend_that_outlives_the_killed_server_does_not_block_the_next(server, data_dir):
    urls = server.start()
    with psycopg.connect(urls.service) as connection:
        busy = connection.info.backend_pid
        connection.pgconn.send_query(b"select sum(i) from generate_series(1, 100000000000) i")
        kill(postmaster_pid(data_dir))
        assert serves(server.ensure_running().service)
        assert not process_runs(busy)
        connection.close()


@pytest.mark.parametrize("moment", ["bootstrap", "give_to_owner"])
def test_a_kill_during_the_first_start_leaves_nothing_or_all(fresh, spawn, fresh_dir, moment):
    spawn(KILLED_AT + f"embedded.{moment} = die\n" + USER, path=fresh_dir).killed()
    assert any(fresh_dir.glob("cluster.unfinished-*"))
    assert serves(fresh.start().service)
    assert not [path.name for path in fresh_dir.iterdir() if "unfinished" in path.name]


def test_an_initdb_that_lost_its_parent_is_ended(fresh, spawn, fresh_dir):
    first = spawn(path=fresh_dir)
    until(lambda: any(fresh_dir.glob("cluster*")))
    first.kill()
    assert serves(fresh.start().service)
    assert not [path.name for path in fresh_dir.iterdir() if "unfinished" in path.name]


# ---------------------------------------------------------------- what dead servers leave behind
@dataclass
class Dead:
    """A killed server's data directory."""

    pid_file: Path
    word: str  # committed before


@pytest.fixture
def dead(server: EmbeddedPostgres, data_dir: Path) -> Dead:
    """The server, killed."""
    word = remember(server.start())
    kill(postmaster_pid(data_dir))
    return Dead(data_dir / "cluster" / "postmaster.pid", word)


def test_a_stale_pid_that_another_process_has_now_does_not_fool_us(server, dead, data_dir):
    account = cluster_in(data_dir).account
    user = None if account.is_ours else account.uid  # the same user's process, so that PostgreSQL would believe it
    with subprocess.Popen(["sleep", "600"], cwd="/", user=user) as stranger:
        _, _, rest = dead.pid_file.read_text().partition("\n")
        dead.pid_file.write_text(f"{stranger.pid}\n{rest}")
        assert dead.word in remembered(server.ensure_running())
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "\n", "not a number\n"])
def test_a_torn_pid_file_does_not_block_the_start(server, dead, content):
    dead.pid_file.write_text(content)
    assert dead.word in remembered(server.ensure_running())


def test_lost_credentials_are_made_anew_and_the_data_stay(server, data_dir):
    word = remember(server.start())
    server.stop()
    old = (data_dir / "credentials.json").read_text()
    (data_dir / "credentials.json").unlink()
    assert word in remembered(server.start())
    assert (data_dir / "credentials.json").read_text() != old


def test_wrong_credentials_are_refused_with_the_way_out(server, data_dir):
    server.start()
    server.stop()
    known = Credentials.read(data_dir / "credentials.json")
    assert known is not None
    Credentials.random(known.bootstrap).write(data_dir / "credentials.json")
    with pytest.raises(ConfigurationError, match="delete that file"):
        server.start()
    (data_dir / "credentials.json").unlink()


def test_a_database_that_an_older_version_bootstrapped_is_bootstrapped_again(server, data_dir):
    word = remember(server.start())
    server.stop()
    known = Credentials.read(data_dir / "credentials.json")
    assert known is not None
    Credentials(
        service_password=known.service_password, migrator_password=known.migrator_password, bootstrap="an older one"
    ).write(data_dir / "credentials.json")
    assert word in remembered(server.start())
    now = Credentials.read(data_dir / "credentials.json")
    assert now is not None
    assert now.bootstrap == known.bootstrap


def test_an_interrupted_second_bootstrap_is_repeated(server, spawn, data_dir):
    word = remember(server.start())
    server.stop()
    (data_dir / "credentials.json").unlink()
    spawn(KILLED_AT + "embedded.bootstrap = die\n" + USER).killed()
    assert running(data_dir)
    assert word in remembered(server.start())


def test_a_slow_recovery_is_waited_for_by_everybody(data_dir, open_tmp_path):
    """The server recovers from an archive that answers only when we let it, and says meanwhile that it is starting up."""
    gate, log = open_tmp_path / "gate", open_tmp_path / "asked"
    settings = {
        "wal_level": "replica",
        "restore_command": f"touch {log}; while [ ! -e {gate} ]; do sleep 0.02; done; false",
    }
    open_tmp_path.chmod(0o777)
    first, second = EmbeddedPostgres(data_dir, settings=settings), EmbeddedPostgres(data_dir, settings=FAST)
    word = remember(first.start())
    first.stop()
    (data_dir / "cluster" / "recovery.signal").touch()
    answers: list[DatabaseUrls] = []
    threads = [threading.Thread(target=lambda each=each: answers.append(each.start())) for each in (first, second)]
    threads[0].start()
    until(log.exists)
    threads[1].start()
    assert ask(cluster_in(data_dir).socket_directory, 5432) is Answer.BUSY
    assert answers == []
    gate.touch()
    for thread in threads:
        thread.join(PATIENCE)
    assert all(word in remembered(urls) for urls in answers)
    assert len(answers) == 2
    second.stop()
    first.stop()


def test_a_server_that_hangs_is_reported_with_its_number(server, data_dir, monkeypatch):
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1)
    server.start()
    pid = postmaster_pid(data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(DatabaseUnavailable, match=str(pid)):
            server.ensure_running()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert serves(server.ensure_running().service)


# ---------------------------------------------------------------- TCP
@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tcp(url: str, port: int) -> str:
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}:{parts['password']}@127.0.0.1:{port}/recalld"


def test_there_is_no_tcp_unless_it_is_asked_for(server, data_dir):
    server.start()
    found = read_postmaster(data_dir / "cluster")
    assert found is not None
    assert not found.listens


def test_tcp_on_request_asks_for_the_same_password(data_dir, free_port):
    server = EmbeddedPostgres(data_dir, tcp_port=free_port, settings=FAST)
    urls = server.start()
    assert serves(tcp(urls.service, free_port))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(tcp(urls.service, free_port), password="wrong")
    server.stop()


def test_a_restart_by_another_process_keeps_the_address(data_dir, free_port):
    server, other = (
        EmbeddedPostgres(data_dir, tcp_port=free_port, settings=FAST),
        EmbeddedPostgres(data_dir, settings=FAST),
    )
    urls = server.start()
    other.start()
    kill(postmaster_pid(data_dir))
    assert other.ensure_running() == urls
    assert serves(tcp(urls.service, free_port))
    other.stop()
    server.stop()


def test_a_taken_port_is_a_configuration_error(data_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedPostgres(data_dir, tcp_port=taken.getsockname()[1], settings=FAST)
        with pytest.raises(ConfigurationError, match="tcp_port"):
            server.start()


# ---------------------------------------------------------------- safety
@pytest.fixture(scope="module")
def urls(used: Path) -> Iterator[DatabaseUrls]:
    """The addresses of a running server that the tests below leave as it is."""
    server = EmbeddedPostgres(used.with_name("shared"), settings=FAST)
    yield server.start()
    server.stop()


@pytest.mark.parametrize("login", ["recalld_service", "recalld_migrator", ADMIN])
def test_nobody_enters_with_a_wrong_password(urls, login):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(urls.service, user=login, password="wrong")


def test_the_superuser_has_no_password_left(urls):
    for word in ("", "postgres", ADMIN):
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|no password supplied"):
            psycopg.connect(urls.service, user=ADMIN, password=word, dbname="postgres")


@pytest.mark.parametrize("which", ["service", "migrator"])
def test_no_login_is_a_superuser_or_bypasses_row_level_security(urls, which):
    with psycopg.connect(getattr(urls, which)) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles"
            " where rolname = current_user"
        ).fetchone()
    assert row == (False, False, False, False, False)


def test_the_serving_login_makes_no_tables_of_its_own(urls):
    with psycopg.connect(urls.service, autocommit=True) as connection:
        for statement in ("temporary table facts (id int)", "table public.facts (id int)", "schema mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"create {statement}".encode())


def test_values_of_failing_statements_stay_out_of_the_server_log(server, data_dir):
    with psycopg.connect(server.start().migrator, autocommit=True) as connection:
        for statement, values in [
            ("select %s::uuid", ("canary-cast",)),
            ("select 'canary-literal' from missing_table", ()),
            ("select 1 / (length(%s) - 16)", ("canary-parameter",)),
        ]:
            with pytest.raises(psycopg.Error):
                connection.execute(statement.encode(), values)
    server.stop()
    logs = [*(data_dir / "cluster" / "log").iterdir(), data_dir / "cluster" / "startup.log"]
    assert any("ready to accept connections" in log.read_text() for log in logs)
    assert not [log.name for log in logs if "canary" in log.read_text()]


def test_the_server_does_not_see_the_environment_of_the_application(spawn, data_dir):
    spawn("import os; os.environ['SOME_API_KEY'] = 'secret-canary'\n" + USER).started()
    environment = Path(f"/proc/{postmaster_pid(data_dir)}/environ")
    if not environment.exists():
        pytest.skip("needs /proc")
    seen = cluster_in(data_dir).account.run(["/bin/cat", str(environment)], timeout=PATIENCE).stdout
    assert "PATH=" in seen
    assert "secret-canary" not in seen


# ---------------------------------------------------------------- root and ordinary users
needs_root = pytest.mark.skipif(not AS_ROOT, reason="needs root")


@needs_root
def test_root_runs_the_server_under_another_account(server, data_dir):
    server.start()
    assert (data_dir / "cluster").stat().st_uid != 0


@needs_root
def test_root_is_told_when_the_data_directory_is_out_of_reach_and_nothing_is_opened(open_tmp_path):
    private = open_tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="private"):
        EmbeddedPostgres(private / "data").start()
    assert private.stat().st_mode & 0o777 == 0o700


@needs_root
def test_root_may_keep_its_python_environment_private(spawn, fresh_dir, open_tmp_path, binaries):
    """The binaries are copied to where the server's account can run them."""
    private = open_tmp_path / "private"
    private.mkdir(mode=0o700)
    package = binaries.copied_to(private).root.parent
    (package / "__init__.py").touch()
    answer = spawn(path=fresh_dir, python_path=str(package.parent)).started()
    assert serves(answer["service"])
    assert (fresh_dir / f"postgresql-{binaries.version}").is_dir()


@needs_root
def test_files_that_root_restored_from_a_backup_are_given_to_the_servers_account(server, data_dir):
    word = remember(server.start())
    server.stop()
    for folder, _, names in os.walk(data_dir / "cluster"):
        for name in ("", *names):
            os.chown(Path(folder, name), 0, 0)
    (data_dir / "cluster").chmod(0o755)
    assert word in remembered(server.start())


@dataclass
class Ordinary:
    """An ordinary user with a home of its own, as `spawn` takes it."""

    uid: int
    data_dir: Path
    arguments: tuple[str, ...]


@pytest.fixture(scope="module")
def public_binaries(binaries: Binaries) -> Iterator[Path]:
    """A folder to import the wheel's package from that any user can read; the Python environment of root may be private."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    copy = binaries.copied_to(folder)
    folder.chmod(0o755)
    (copy.root.parent / "__init__.py").touch(mode=0o644)
    yield copy.root.parent.parent
    shutil.rmtree(folder)


@pytest.fixture
def ordinary(open_tmp_path: Path, public_binaries: Path) -> Iterator[Ordinary]:
    """The user nobody, at home in a directory of this test."""
    uid = pwd.getpwnam("nobody").pw_uid
    home = open_tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, uid, uid)
    yield Ordinary(uid, home / "data", (str(uid), str(public_binaries)))
    if (postmaster := read_postmaster(home / "data" / "cluster")) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(postmaster.pid, signal.SIGQUIT)


@needs_root
def test_an_ordinary_user_runs_the_server_as_itself(spawn, ordinary):
    other = spawn(USER, *ordinary.arguments, path=ordinary.data_dir)
    answer = other.started()
    assert answer["owner"]
    assert serves(answer["service"])
    assert {path.stat().st_uid for path in ordinary.data_dir.rglob("*")} == {ordinary.uid}
    other.leave()
    assert not running(ordinary.data_dir)


@needs_root
def test_root_beside_an_ordinary_user_attaches_and_restarts_as_that_user(spawn, ordinary):
    spawn(USER, *ordinary.arguments, path=ordinary.data_dir).started()
    server = EmbeddedPostgres(ordinary.data_dir, settings=FAST)
    server.start()
    kill(postmaster_pid(ordinary.data_dir))
    assert serves(server.ensure_running().service)
    assert {path.stat().st_uid for path in ordinary.data_dir.rglob("*")} == {ordinary.uid}
    server.stop()


@needs_root
def test_an_ordinary_user_is_told_whose_the_directory_is(server, spawn, ordinary, data_dir):
    server.start()
    complaint = spawn(USER, *ordinary.arguments).complaint()
    assert "ConfigurationError" in complaint
    assert "belongs to uid 0" in complaint


@needs_root
def test_a_user_without_an_entry_in_the_user_database_is_told_so(spawn, ordinary, open_tmp_path):
    home, uid = open_tmp_path / "nameless", 60999
    home.mkdir()
    os.chown(home, uid, uid)
    complaint = spawn(USER, str(uid), ordinary.arguments[1], path=home / "data").complaint()
    assert "/etc/passwd" in complaint
