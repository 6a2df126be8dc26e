"""Killed, flushed and restarted for real in the middle of a mailing: nothing lost, nothing sent twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from domain.accounts import vault
from domain.outreach import reward_messages
from domain.tenant_scope import tenant_scope
from tests.databases import Database
from tests.factories import Make
from tests.played.smtp import Offer, PlayedSmtp, Trouble
from tests.processes import children_of, regulars
from tests.waiting import until
from web import embedded
from web.cli import db as migrations
from web.embedded.postgres import data_folder

MAILS = 400
GROUP = 100
ENDED = {"sent", "unsure"}
# Whatever a living worker writes right now keeps its lease: the dead hold no locks.
LEASES_END = text("""
    UPDATE messages SET lease_until = clock_timestamp() - interval '1 second'
     WHERE id IN (SELECT id FROM messages WHERE lease_until IS NOT NULL FOR UPDATE SKIP LOCKED)""")


class Mailing:
    """A café with a mailing planned, and a mail server slow enough to be interrupted."""

    def __init__(self, database: Database, credentials_key: str) -> None:
        self.server = PlayedSmtp(Offer(pipelining=False, delay=0.001)).start()
        self.engine = create_engine(database.url, pool_pre_ping=True)
        vault.unlock([credentials_key])
        with Session(self.engine) as session:
            self.tenant_id = Make(session).tenant().id
            session.commit()
        self._plan()

    def _plan(self) -> None:
        sealed = vault.encrypt({"url": self.server.url, "from": "cafe@example.com"})
        with self.session() as session:
            make = Make(session)
            make.gateway(credentials=sealed, set_by_operator=True)
            reward = make.reward(channels=["email"])
            members = [make.member(consents=["email"]) for _ in range(MAILS)]
            events = [make.reward_event(each, reward=reward, valid_until=None).id for each in members]
            assert reward_messages.plan(session, events, now=datetime.now(UTC)) == MAILS
            session.commit()

    @contextmanager
    def session(self) -> Iterator[Session]:
        with tenant_scope(self.tenant_id), Session(self.engine) as session:
            yield session

    def states(self) -> dict[str, int]:
        with self.session() as session:
            return dict(session.execute(text("SELECT state, count(*) FROM messages GROUP BY state")).all())

    def is_done(self) -> bool:
        return set(self.states()) <= ENDED

    def time_passes(self) -> None:
        """The leases of whoever is gone run out."""
        with self.session() as session:
            session.execute(LEASES_END)
            session.commit()

    def is_under_way(self) -> bool:
        return len(self.server.received) > MAILS // 8

    def received(self) -> Counter[str]:
        return Counter(mail.to for mail in self.server.received)

    def unsure(self) -> set[str]:
        with self.session() as session:
            return set(session.scalars(text("SELECT address FROM messages WHERE state = 'unsure'")))

    def nothing_is_lost_and_nothing_came_twice(self) -> None:
        received, unsure = self.received(), self.unsure()
        assert set(received.values()) == {1}
        assert len(set(received) | unsure) == MAILS
        assert self.states().get("sent", 0) + len(unsure) == MAILS

    def close(self) -> None:
        self.engine.dispose()
        self.server.close()


@pytest.fixture
def mailing(database: Database, settings) -> Iterator[Mailing]:
    mailing = Mailing(database, settings.credentials_key[0])
    yield mailing
    mailing.close()


def test_a_worker_killed_in_a_batch_leaves_at_most_one_group_unsure(mailing, environment):
    with regulars("scheduler", environment=environment):
        with regulars("worker", environment=environment) as worker:
            until(mailing.is_under_way, what="a mailing under way")
            worker.kill()
            worker.wait()
        assert mailing.states().get("sent", 0) < MAILS
        mailing.time_passes()
        with regulars("worker", environment=environment):
            until(mailing.is_done, within=60, what="the end of the mailing")

    mailing.nothing_is_lost_and_nothing_came_twice()
    assert len(mailing.unsure()) <= GROUP


def test_two_workers_of_which_one_keeps_dying(mailing, environment):
    with (
        regulars("scheduler", environment=environment),
        regulars("worker", "--count", "2", environment=environment) as crew,
    ):
        for part in (8, 4, 2):
            until(lambda part=part: len(mailing.server.received) > MAILS // part, within=60)
            os.kill(children_of(crew.pid)[0], signal.SIGKILL)
            mailing.time_passes()
        until(lambda: _ended_though_leases_run_out(mailing), within=60, what="the end of the mailing")

    mailing.nothing_is_lost_and_nothing_came_twice()


def _ended_though_leases_run_out(mailing: Mailing) -> bool:
    return mailing.is_done() or bool(mailing.time_passes())


def test_redis_emptied_in_between_costs_nothing(mailing, environment, redis_url):
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment):
        until(mailing.is_under_way, what="a mailing under way")
        with redis.Redis.from_url(redis_url) as client:
            client.flushdb()
        until(mailing.is_done, within=60, what="the end of the mailing")

    mailing.nothing_is_lost_and_nothing_came_twice()
    assert mailing.states() == {"sent": MAILS}


def test_told_to_end_a_worker_finishes_its_group_and_gives_back_the_rest(mailing, environment):
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment) as worker:
        until(mailing.is_under_way, what="a mailing under way")
        worker.terminate()
        assert worker.wait(20) == 0

    assert set(mailing.states()) == {"sent", "planned"}
    mailing.time_passes()
    assert set(mailing.received().values()) == {1}


def test_told_to_end_a_worker_does_not_wait_for_a_server_that_says_nothing(mailing, environment):
    mailing.server.say("text", Trouble.STALL, times=GROUP)
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment) as worker:
        until(lambda: mailing.states().get("attempting"), what="a group on its way")
        until(lambda: mailing.server.stalled, what="a silent server")
        worker.terminate()
        worker.wait(15)
    mailing.server.unsay()

    assert mailing.states().get("attempting", 0) <= GROUP
    mailing.time_passes()
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment):
        until(lambda: _ended_though_leases_run_out(mailing), what="the end of the mailing")
    mailing.nothing_is_lost_and_nothing_came_twice()


def test_a_database_that_crashes_and_recovers_in_between(tmp_path, settings):
    home = tmp_path / "own"
    addresses = embedded.ensure(home)
    migrations.upgrade(addresses.database_owner_url, migrations.role_of(addresses.database_url))
    database = Database("regulars", addresses.database_url, addresses.database_owner_url, addresses.admin_url)
    environment = _environment(settings, home)
    mailing = Mailing(database, settings.credentials_key[0])
    try:
        with regulars("scheduler", environment=environment), regulars("worker", environment=environment):
            until(mailing.is_under_way, what="a mailing under way")
            os.kill(_postgres(home), signal.SIGKILL)
            until(lambda: _done_again(mailing), within=90, what="the end of the mailing")
        mailing.nothing_is_lost_and_nothing_came_twice()
    finally:
        mailing.close()
        embedded.forget(home)


def _done_again(mailing: Mailing) -> bool:
    try:
        return mailing.is_done() or bool(mailing.time_passes())
    except Exception:  # the database is not back yet
        return False


def _environment(settings, home: Path) -> dict[str, str]:
    own = {
        "REGULARS_HOME": str(home),
        "SECRET_KEY": settings.secret_key[0],
        "CREDENTIALS_KEY": settings.credentials_key[0],
    }
    return {**os.environ, **own}


def _postgres(home: Path) -> int:
    return int((data_folder(home) / "postmaster.pid").read_text().split()[0])
