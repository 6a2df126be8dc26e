"""The embedded servers under kills, races and second starts: real processes, a home of its own for each test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.waiting import until
from web import embedded

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from web import embedded
print(embedded.ensure(sys.argv[1]).database_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="regulars-home-"))
    yield folder
    embedded.forget(folder)
    shutil.rmtree(folder)


@pytest.fixture
def programs() -> Iterator[list[subprocess.Popen]]:
    started: list[subprocess.Popen] = []
    yield started
    for program in started:
        program.kill()
        program.wait()
        program.stdin.close()
        program.stdout.close()


def start(home: Path, programs: list[subprocess.Popen]) -> subprocess.Popen:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    programs.append(program)
    return program


def address(program: subprocess.Popen) -> str:
    return program.stdout.readline().strip()


def processes(home: Path, word: str) -> list[int]:
    """The ids of the processes whose command line names both the home and the word, or redis in its folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and word in command_line(entry) and belongs(entry, home):
            found.append(int(entry.name))
    return found


def command_line(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def belongs(entry: Path, home: Path) -> bool:
    """Every one of them keeps the lock of the home's servers open."""
    try:
        return any(os.readlink(each).startswith(f"{home}/run/") for each in (entry / "fd").iterdir())
    except OSError:
        return False


def select_one(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_both_servers_answer_and_the_app_role_owns_nothing(home):
    addresses = embedded.ensure(home)

    assert redis.Redis.from_url(addresses.redis_url).ping()
    with psycopg.connect(addresses.database_url) as connection:
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
    with psycopg.connect(addresses.database_owner_url) as connection:
        connection.execute("CREATE TABLE ours (id int)")


def test_a_wrong_password_is_refused(home):
    url = embedded.ensure(home).database_url

    with psycopg.connect(url) as connection:
        password = connection.info.password
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))


def test_two_first_starters_at_once_share_one_pair_of_servers(home, programs):
    first, second = start(home, programs), start(home, programs)

    assert address(first) == address(second)
    assert len(processes(home, "supervisor.py")) == 1
    assert len(processes(home, "postgres -D")) == 1
    assert len(processes(home, "redis-server")) == 1


def test_the_servers_outlive_a_killed_starter_while_another_process_lives(home, programs):
    starter = start(home, programs)
    url = address(starter)
    other = start(home, programs)
    assert address(other) == url
    pids = processes(home, "postgres -D")

    starter.kill()
    starter.wait()

    # It has looked for the living a few times by the time it takes away what the killed one left.
    until(lambda: not list((home / "run" / "living").glob(f"{starter.pid}-*")))
    assert processes(home, "postgres -D") == pids
    assert select_one(url)


def test_everything_is_gone_after_the_last_process_was_killed(home, programs):
    last = start(home, programs)
    address(last)

    last.kill()

    until(lambda: not processes(home, ""), what="the end of all processes of the home")


def test_everything_is_gone_after_the_last_process_ended(home, programs):
    last = start(home, programs)
    address(last)

    last.stdin.close()

    until(lambda: not processes(home, ""), what="the end of all processes of the home")
    assert (home / "postgres" / "postmaster.pid").exists() is False


def test_a_second_start_finds_the_same_addresses_and_data(home, programs):
    first = start(home, programs)
    url = address(first)
    owner_url = embedded.ensure(home).database_owner_url
    with psycopg.connect(owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    embedded.stop(home)
    assert not processes(home, "postgres -D")

    assert embedded.ensure(home).database_url == url
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


@pytest.mark.parametrize("word", ["postgres -D", "redis-server"])
def test_a_killed_server_is_started_again_at_the_same_address(home, word):
    addresses = embedded.ensure(home)
    with psycopg.connect(addresses.database_owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    [pid] = processes(home, word)

    os.kill(pid, signal.SIGKILL)

    until(lambda: processes(home, word) not in ([], [pid]), what="a new server")
    until(lambda: select_one(addresses.database_url))
    assert embedded.ensure(home) == addresses
    assert redis.Redis.from_url(addresses.redis_url).ping()
    with psycopg.connect(addresses.database_owner_url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_killed_supervisor_takes_its_servers_along_and_the_next_call_starts_anew(home):
    addresses = embedded.ensure(home)
    [pid] = processes(home, "supervisor.py")

    os.kill(pid, signal.SIGKILL)

    until(lambda: not processes(home, "postgres -D") and not processes(home, "redis-server"))
    assert embedded.ensure(home) == addresses
    assert select_one(addresses.database_url)


def test_a_call_right_after_the_supervisor_was_killed_waits_for_the_old_servers_to_leave(home):
    addresses = embedded.ensure(home)
    [pid] = processes(home, "supervisor.py")

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)  # it is gone, its servers are about to go

    assert embedded.ensure(home) == addresses
    assert select_one(addresses.database_url)
    assert len(processes(home, "postgres -D")) == 1


def test_a_guarded_process_gets_its_servers_back_by_itself(home):
    addresses = embedded.ensure(home)
    embedded.guard(home)
    [pid] = processes(home, "supervisor.py")

    os.kill(pid, signal.SIGKILL)

    until(lambda: processes(home, "supervisor.py") not in ([], [pid]), what="a new supervisor")
    until(lambda: select_one(addresses.database_url))


def test_a_home_that_another_user_cannot_walk_to_works_too(home):
    private = home / "private"
    private.mkdir(mode=0o700)
    inner = private / "home"

    try:
        assert select_one(embedded.ensure(inner).database_url)
    finally:
        embedded.forget(inner)


def test_a_stranger_on_the_remembered_port_makes_the_servers_move(home):
    before = embedded.ensure(home)
    embedded.stop(home)
    with socket.create_server(("127.0.0.1", int(before.redis_url.split(":")[-1].split("/")[0]))):
        after = embedded.ensure(home)

    assert after.redis_url != before.redis_url
    assert redis.Redis.from_url(after.redis_url).ping()
