"""A café whose members unlocked rewards, and real workers that tell them: what the benchmarks of delivery stand on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import psycopg
from redis import Redis
from rq import Worker
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import members, unlocks
from bench.house import Cafe, House, open_cafe
from domain import clock
from domain.delivery import accounts
from domain.outreach import reward_messages
from tasks import queues
from tests.databases import Database
from tests.processes import regulars
from tests.waiting import until
from web.background import create_background_app
from web.config import Settings

SENDER = "hello@aurora.example"

_IS_UNDER_WAY = text("""
    SELECT EXISTS (SELECT FROM messages WHERE state = 'planned' AND due_at <= now())
        OR EXISTS (SELECT FROM messages WHERE state IN ('claimed', 'attempting'))""")
_AT_NOON = text("UPDATE members SET timezone = :zone")  # texts keep the hours of the day
_NOT_SENT = text("""
    SELECT state, reason, detail, count(*) FROM messages WHERE state <> 'sent'
     GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 9""")


@dataclass(frozen=True, slots=True)
class Gateway:
    """Through whom the café speaks: the settings as `regulars gateway add` takes them."""

    channel: str
    provider: str
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mailing:
    """A café whose members unlocked a reward: the ids of the unlocks, a batch for each round."""

    settings: Settings
    database: Database
    cafe: Cafe
    batches: Sequence[Sequence[int]]

    def plan(self, number: int) -> int:
        """Write down the messages of a batch, due now: how many."""
        with self.database.session(self.cafe.id) as session:
            planned = reward_messages.plan(session, self.batches[number], now=clock.now())
            session.commit()
            return planned

    def deliver(self, number: int) -> float:
        """Plan a batch, wake the workers, and wait for the last one to be settled: messages a second."""
        planned = self.plan(number)
        with self.database.session(self.cafe.id) as session:
            begins = perf_counter()
            queues.nudge_delivery(self.cafe.id)
            until(lambda: not is_under_way(session), within=1200, what="the end of a mailing", every=0.1)
            return planned / (perf_counter() - begins)

    def tidy(self) -> None:
        """What autovacuum does within a minute: a planner that takes the tables for empty measures nothing real."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def make_sure(self) -> None:
        """Every message was sent."""
        with self.database.session(self.cafe.id) as session:
            if missing := session.execute(_NOT_SENT).all():
                raise RuntimeError(f"not sent: {[tuple(row) for row in missing]}")


def is_under_way(session: Session) -> bool:
    """Whether something is due or on its way."""
    answer = bool(session.scalar(_IS_UNDER_WAY))
    session.rollback()
    return answer


def open_mailing(
    house: House, database: Database, gateway: Gateway, *, per_round: int, rounds: int, redis: int
) -> Mailing:
    """A café with a gateway and enough unlocks for `rounds`; `redis` is the number of a database of its own."""
    cafe, now = open_cafe(database, slug="aurora"), clock.now()
    with database.session(cafe.id) as session:
        members.invite(session, per_round * rounds, now=now)
        ids = unlocks.unlock(session, unlocks.offer(session, [gateway.channel]), now=now)
        connect(session, gateway, now=now)
        if gateway.channel == "sms":
            accounts.approve_texts(session, ["AT"], now=now)
            session.execute(_AT_NOON, {"zone": _zone_at_noon(now)})
        session.commit()
    batches = [ids[first : first + per_round] for first in range(0, len(ids), per_round)]
    opened = Mailing(house.settings(database, redis=redis), database, cafe, batches)
    opened.tidy()
    return opened


def connect(session: Session, gateway: Gateway, *, now: datetime) -> None:
    """Give the café we act for this gateway, as its operator does."""
    accounts.add(
        session,
        channel=gateway.channel,
        provider=gateway.provider,
        credentials=gateway.settings,
        now=now,
        set_by_operator=True,
        sender=gateway.settings["from"],
    )


def _zone_at_noon(now: datetime) -> str:
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def smtp(port: int, **more: str) -> Gateway:
    """A mail server on loopback."""
    return Gateway("email", "smtp", {"url": f"smtp://127.0.0.1:{port}", "from": SENDER, **more})


@contextmanager
def workers(house: House, settings: Settings, *, count: int) -> Iterator[int]:
    """So many real workers, ready to take jobs, and the app from which they are nudged: their parent's process id."""
    with (
        create_background_app(settings).app_context(),
        Redis.from_url(settings.redis_url or "") as redis,
        regulars("worker", "--count", str(count), environment=house.environment(settings)) as process,
    ):
        until(lambda: len(Worker.all(connection=redis)) == count, what="all workers")
        yield process.pid
