"""Faults, done for real and counted: a hundred thousand mails while workers are killed, Redis is emptied, PostgreSQL is
killed and restarted, the mail server does what it likes, and, the second time, the clock jumps as well.

`BENCH_SCALE=10` makes everything ten times smaller. Leases end when they end: nothing is hurried but retries.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bench import mailing
from bench.fickle import FickleSmtp
from bench.house import SECRET, House
from bench.mailing import Mailing
from bench.measures import Bound, Finding
from bench.segments import SCALE
from domain.tenant_scope import tenant_scope
from gateways.smtp import SmtpGateway
from tests.databases import Database, Servers
from tests.played.smtp import Trouble
from tests.processes import ROOT
from web import embedded
from web.cli import db as migrations
from web.embedded.postgres import data_folder

MAILS, KILLS, FLUSHES = 100_000 // SCALE, max(50 // SCALE, 3), max(5 // SCALE, 1)
RESTARTS = (signal.SIGKILL, signal.SIGINT)
WORKERS = 2
SHIFTS = (5400, -5400, 30, -7200, 9000)  # seconds
SHIFTED = 3.0  # seconds until somebody puts the clock right
LONGEST = 1500  # seconds for one run
GROUP = SmtpGateway.group_size

_STATES = text("SELECT state, count(*) FROM messages GROUP BY state")
_SENT_TO = text("SELECT address FROM messages WHERE state = 'sent'")
_UNSURE_TO = text("SELECT address FROM messages WHERE state = 'unsure'")
_RETRIES_ARE_DUE = text("UPDATE messages SET due_at = now() WHERE state = 'planned' AND due_at > now()")
ENDED = {"sent", "failed", "bounced", "unsure", "cancelled"}


@dataclass
class Crew:
    """Workers and a scheduler, each a process of its own that is started again the moment it dies."""

    environment: dict[str, str]
    clock: Path
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def start(self) -> None:
        """All of them."""
        for name in ("scheduler", *(f"worker-{number}" for number in range(WORKERS))):
            self._start(name)

    def kill(self, name: str) -> None:
        """SIGKILL, and another one in its place."""
        self.processes[name].kill()
        self.processes[name].wait()
        self._start(name)

    def keep_up(self) -> None:
        """Who died by itself, as when its database went away, is started again too."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self._start(name)

    def end(self) -> None:
        """Ask all of them to end."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()

    def set_clock(self, seconds: int) -> None:
        """How many seconds their clock is off from now on."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.clock)

    def _start(self, name: str) -> None:
        role, _, number = name.partition("-")
        words = [role, *(["--count", str(WORKERS), "--number", number] if number else [])]
        command = [sys.executable, "-m", "bench.shifted", str(self.clock), *words]
        self.processes[name] = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL)


@dataclass
class Run:
    """One mailing among faults."""

    home: Path
    mailing: Mailing
    server: FickleSmtp
    crew: Crew
    clock_jumps: bool
    jumped_at: float = 0.0

    def states(self) -> dict[str, int]:
        """How many messages stand where."""
        with self._session() as session:
            return dict(session.execute(_STATES).all())  # type: ignore[arg-type]

    def go(self) -> int:
        """Until every message has ended: how many workers were killed meanwhile."""
        todo, dice, killed, deadline = _schedule(), random.Random(11), 0, time.monotonic() + LONGEST
        while not self._is_over():
            if time.monotonic() > deadline:
                raise RuntimeError(f"not over after {LONGEST} seconds: {self.states()}")
            while todo and len(self.server.tally) >= todo[0][0]:
                _, fault = todo.pop(0)
                self._do(fault, dice)
                killed += fault == "kill"
            self.crew.keep_up()
            self._put_right()
            time.sleep(0.1 if todo else 2)
        return killed

    def counted(self, killed: int, words: str) -> list[Bound]:
        """What came of it."""
        with self._session() as session:
            sent, unsure = set(session.scalars(_SENT_TO)), set(session.scalars(_UNSURE_TO))
        took = self.server.tally.by_address
        twice = [each for each, times in took.items() if times > 1 and each not in unsure]
        lost = [each for each in sent if each not in took]
        untold = [each for each in took if each not in sent and each not in unsure]
        cuts = killed + len(RESTARTS) * WORKERS + self.server.moods[Trouble.STALL]
        most = GROUP * cuts + self.server.moods[Trouble.DROP]  # a line that breaks cuts one mail
        states = self.states()
        print(f"  {words}: {states}, killed {killed}, moods {dict(self.server.moods)}", flush=True)
        return [
            Bound(f"{words}: messages that are not there any more", "", [abs(MAILS - sum(states.values()))], 0),
            Bound(f"{words}: in no end state", "", [sum(n for state, n in states.items() if state not in ENDED)], 0),
            Bound(f"{words}: arrived twice", "", [len(twice)], 0),
            Bound(f"{words}: sent, but never arrived", "", [len(lost)], 0),
            Bound(f"{words}: arrived, but neither sent nor unsure", "", [len(untold)], 0),
            Bound(f"{words}: unsure, of {cuts} groups that were cut", "", [len(unsure)], most),
        ]

    def _is_over(self) -> bool:
        try:
            states = self.states()
            if set(states) <= ENDED:
                return True
            if len(self.server.tally) > 0.9 * MAILS:
                with self._session() as session:
                    session.execute(_RETRIES_ARE_DUE)
                    session.commit()
        except DBAPIError:  # the database is not back yet
            pass
        return False

    def _do(self, fault: str, dice: random.Random) -> None:
        if self.clock_jumps:
            self.crew.set_clock(dice.choice(SHIFTS))
            self.jumped_at = time.monotonic()
        if fault == "kill":
            self.crew.kill(f"worker-{dice.randrange(WORKERS)}")
        elif fault == "flush":
            with suppress(redis.RedisError), redis.Redis.from_url(self.mailing.settings.redis_url or "") as client:
                client.flushall()
        else:
            os.kill(_postmaster(self.home), signal.Signals[fault])

    def _put_right(self) -> None:
        if self.jumped_at and time.monotonic() - self.jumped_at > SHIFTED:
            self.crew.set_clock(0)
            self.jumped_at = 0.0

    @contextmanager
    def _session(self) -> Iterator[Session]:
        engine = create_engine(self.mailing.database.url)
        try:
            with tenant_scope(self.mailing.cafe.id), Session(engine) as session:
                yield session
        finally:
            engine.dispose()


def run(house: House) -> Finding:
    """Twice: with a steady clock, and with one that jumps."""
    measures, notes = [], {"mails": MAILS, "kills": KILLS, "flushes": FLUSHES, "restarts": len(RESTARTS)}
    for clock_jumps, words in ((False, "faults"), (True, "faults and clock jumps")):
        with _opened(house.home / words.replace(" ", "-"), clock_jumps=clock_jumps) as trial:
            began = time.monotonic()
            measures += trial.counted(trial.go(), words)
            notes[f"seconds, {words}"] = round(time.monotonic() - began)
    return Finding("faults", measures, notes)


@contextmanager
def _opened(home: Path, *, clock_jumps: bool) -> Iterator[Run]:
    home.mkdir()
    addresses = embedded.ensure(home)
    migrations.upgrade(addresses.database_owner_url, migrations.role_of(addresses.database_url))
    own = House(home, Servers(addresses))
    database = Database("regulars", addresses.database_url, addresses.database_owner_url, addresses.admin_url)
    server = FickleSmtp(seed=5)
    try:
        with server:
            opened = mailing.open_mailing(own, database, mailing.smtp(server.port), per_round=MAILS, rounds=1, redis=0)
            opened.plan(0)
            opened.tidy()
            crew = Crew(_environment(home), home / "clock")
            crew.set_clock(0)
            crew.start()
            try:
                yield Run(home, opened, server, crew, clock_jumps)
            finally:
                crew.end()
    finally:
        embedded.forget(home)


def _schedule() -> list[tuple[int, str]]:
    """After how many mails which fault comes, in order."""
    faults = ["kill"] * KILLS + ["flush"] * FLUSHES + [each.name for each in RESTARTS]
    random.Random(3).shuffle(faults)
    step = MAILS * 0.9 / (len(faults) + 1)
    return [(round(step * place), fault) for place, fault in enumerate(faults, start=1)]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "REGULARS_HOME": str(home), "SECRET_KEY": SECRET, "CREDENTIALS_KEY": SECRET}


def _postmaster(home: Path) -> int:
    return int((data_folder(home) / "postmaster.pid").read_text().split()[0])
