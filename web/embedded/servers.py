"""The embedded servers of one home, from the side of a process that needs them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from web.embedded import locks, memory, postgres, presence, redis_server
from web.embedded.memory import Memory

START_WITHIN = 60.0  # seconds; a first start makes a cluster, on a slow disk
STOP_WITHIN = 30.0
LOOK_EVERY = 0.02
GUARD_EVERY = 1.0
LINGER = 1.0  # seconds the servers stay after the last process, so that commands in a row share them

_present: dict[tuple[int, Path], int] = {}


class ServersUnavailable(RuntimeError):
    """The embedded servers did not come up; the sentence says where their log is."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the embedded servers listen. `admin_url` is the superuser's, for tests that make databases."""

    database_url: str
    database_owner_url: str
    redis_url: str
    admin_url: str


@dataclass(frozen=True, slots=True)
class _Places:
    home: Path

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def living(self) -> Path:
        return self.run / "living"

    @property
    def start_lock(self) -> Path:
        return self.run / "start.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def servers_lock(self) -> Path:
        return self.run / "servers.lock"

    @property
    def supervisor_pid(self) -> Path:
        return self.run / "supervisor.pid"

    @property
    def plan(self) -> Path:
        return self.run / "plan.json"

    @property
    def memory(self) -> Path:
        return self.run / "memory.json"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def make(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if self.home.stat().st_uid == os.geteuid():
            self.home.chmod(self.home.stat().st_mode | 0o011)  # PostgreSQL's user walks through it
        for folder in (self.run, self.living, self.redis, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)


def ensure(home: Path, settings: Mapping[str, str] | None = None) -> Addresses:
    """Have both servers run and count this process among the living until it ends; safe to call again.

    `settings` are PostgreSQL's and matter only to the call that starts it. Raises `ServersUnavailable`.
    """
    places = _Places(Path(home).resolve())
    places.make()
    try:
        with locks.held(places.start_lock, within=START_WITHIN * 2):
            _register(places)
            return _addresses(_ready(places, settings or {}))
    except locks.LockTimeout as error:
        raise ServersUnavailable(str(error)) from error


def guard(home: Path) -> threading.Thread:
    """For processes that stay: bring the servers back, at the same addresses, should their supervisor be killed."""
    thread = threading.Thread(target=_guard, args=(Path(home).resolve(),), name="embedded-guard", daemon=True)
    thread.start()
    return thread


def are_running(home: Path) -> bool:
    """Does the supervisor or a server of this home still run? Asks without starting anything."""
    places = _Places(Path(home).resolve())
    return places.run.exists() and locks.is_held(places.servers_lock)


def stop(home: Path) -> None:
    """End both servers now, whoever still lives; this process no longer counts as living there."""
    places = _Places(Path(home).resolve())
    if not places.run.exists():
        return
    with locks.held(places.start_lock, within=START_WITHIN * 2):
        _leave(places)
        if locks.is_held(places.supervisor_lock):
            os.kill(int(places.supervisor_pid.read_text()), signal.SIGTERM)
        os.close(locks.take(places.servers_lock, within=STOP_WITHIN))


def forget(home: Path) -> None:
    """End both servers and delete all their data."""
    stop(home)
    places = _Places(Path(home).resolve())
    for folder in (postgres.data_folder(places.home), places.redis, places.run, places.logs):
        shutil.rmtree(folder, ignore_errors=True)


def _register(places: _Places) -> None:
    key = (os.getpid(), places.home)
    if key not in _present:
        _present[key] = presence.register(places.living)


def _leave(places: _Places) -> None:
    descriptor = _present.pop((os.getpid(), places.home), None)
    if descriptor is not None:
        os.close(descriptor)


def _start(places: _Places, settings: Mapping[str, str]) -> None:
    """Start the supervisor, which starts the servers. Only under the start lock, and with no supervisor alive."""
    # Servers of a supervisor that was killed are on their way out: their ports and data are free when this lock is.
    servers_lock = locks.take(places.servers_lock, within=STOP_WITHIN)
    supervisor_lock = locks.take(places.supervisor_lock, within=STOP_WITHIN)
    try:
        remembered = memory.recall(places.memory)
        remembered.take_free_ports()
        remembered.save(places.memory)
        _write_plan(places, remembered, settings, servers_lock)
        supervisor = _launch(places, [servers_lock, supervisor_lock])
        places.supervisor_pid.write_text(str(supervisor.pid))
    finally:
        os.close(servers_lock)
        os.close(supervisor_lock)


def _write_plan(places: _Places, remembered: Memory, settings: Mapping[str, str], servers_lock: int) -> None:
    data = postgres.data_folder(places.home)
    postgres.make_cluster(data, remembered)
    plan = {
        "start_lock": str(places.start_lock),
        "living": str(places.living),
        "linger": LINGER,
        "inherit": [servers_lock],
        "children": [
            postgres.plan(data, remembered, places.logs / "postgres.log", settings),
            redis_server.plan(places.redis, remembered, places.logs / "redis.log"),
        ],
    }
    places.plan.write_text(json.dumps(plan))


def _launch(places: _Places, descriptors: list[int]) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("supervisor.py")
    with open(places.logs / "supervisor.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(places.plan)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            pass_fds=descriptors,
        )


def _ready(places: _Places, settings: Mapping[str, str]) -> Memory:
    """What is remembered of both servers once they answer. A supervisor that dies meanwhile is started anew."""
    deadline = time.monotonic() + START_WITHIN
    while True:
        if not locks.is_held(places.supervisor_lock):
            _start(places, settings)
        remembered = memory.recall(places.memory)
        if redis_server.answers(remembered) and postgres.answers(remembered):
            break
        if time.monotonic() > deadline:
            raise ServersUnavailable(f"The embedded servers did not come up; their logs are in {places.logs}.")
        time.sleep(LOOK_EVERY)
    _prepare(places, remembered)
    return remembered


def _prepare(places: _Places, remembered: Memory) -> None:
    if not remembered.prepared:
        postgres.prepare(remembered)
        remembered.prepared = True
        remembered.save(places.memory)


def _addresses(remembered: Memory) -> Addresses:
    port = remembered.postgres_port
    return Addresses(
        database_url=postgres.url(postgres.APP, remembered.app_password, port),
        database_owner_url=postgres.url(postgres.OWNER, remembered.owner_password, port),
        redis_url=redis_server.url(remembered),
        admin_url=postgres.url(postgres.ADMIN, remembered.admin_password, port, postgres.ADMIN),
    )


def _guard(home: Path) -> None:
    places = _Places(home)
    while (os.getpid(), home) in _present:
        time.sleep(GUARD_EVERY)
        if places.run.exists() and not locks.is_held(places.supervisor_lock):
            _revive(places)


def _revive(places: _Places) -> None:
    with locks.held(places.start_lock, within=START_WITHIN * 2):
        still_needed = (os.getpid(), places.home) in _present
        if still_needed and not locks.is_held(places.supervisor_lock):
            _start(places, {})
