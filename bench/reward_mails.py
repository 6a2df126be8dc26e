"""Reward mails: from planned rows to all of them settled by two real workers, against one bare loop of `smtplib` that
pushes the same finished bytes over one connection into the same sink."""

import smtplib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from statistics import median

import psycopg
from redis import Redis
from rq import Worker
from sqlalchemy import text

from bench import members, sink, unlocks
from bench.house import Cafe, House, open_cafe
from bench.measures import Finding, Ratio, in_turn
from domain import clock
from domain.delivery import accounts
from domain.outreach import reward_messages
from tasks import queues
from tests.databases import Database
from tests.processes import regulars
from tests.waiting import until
from web.background import create_background_app
from web.config import Settings

WORKERS = 2
ROUNDS, PER_ROUND = 5, 5000
SENDER = "hello@aurora.example"
REDIS = 2  # the number of this benchmark's database in Redis

_IS_UNDER_WAY = text("""
    SELECT EXISTS (SELECT FROM messages WHERE channel = 'email' AND lane = 'instant' AND state = 'planned')
        OR EXISTS (SELECT FROM messages WHERE state IN ('claimed', 'attempting'))""")
_NOT_SENT = text("SELECT count(*) FROM messages WHERE state <> 'sent'")


@dataclass(frozen=True, slots=True)
class Mailing:
    """A café whose members unlocked a reward: the ids of the unlocks, a batch for each round."""

    settings: Settings
    database: Database
    cafe: Cafe
    batches: Sequence[Sequence[int]]

    def deliver(self, number: int) -> float:
        """Plan a batch, wake the workers, and wait for the last one to be settled: mails a second."""
        with self.database.session(self.cafe.id) as session:
            planned = reward_messages.plan(session, self.batches[number], now=clock.now())
            session.commit()
            begins = time.perf_counter()
            queues.nudge_delivery(self.cafe.id)
            until(lambda: not self._is_under_way(session), within=300, what="the end of a mailing")
            return planned / (time.perf_counter() - begins)

    def make_sure(self) -> None:
        """Every mail was sent."""
        with self.database.session(self.cafe.id) as session:
            if missing := session.scalar(_NOT_SENT):
                raise RuntimeError(f"{missing} mails were not sent")

    def _is_under_way(self, session) -> bool:
        answer = session.scalar(_IS_UNDER_WAY)
        session.rollback()
        return answer


def run(house: House) -> Finding:
    """Measure. The first round warms up, and gives the bytes that the baseline pushes."""
    path = house.home / "mails"
    with house.database("mails") as database, sink.running(keep=path, first=PER_ROUND) as port:
        mailing = _open(house, database, port)
        with create_background_app(mailing.settings).app_context(), _workers(house, mailing.settings):
            mailing.deliver(0)
            mails = [(_recipient(mail), mail) for mail in sink.kept(path)]
            figures = in_turn(
                ROUNDS, lambda number: mailing.deliver(number + 1), lambda _: _push(mails, port), before=house.calm
            )
        mailing.make_sure()
    size = round(median(len(mail) for _, mail in mails))
    measure = Ratio("reward mails, planned to settled", "mails/s", *figures, wanted=0.5)
    return Finding("reward_mails", [measure], {"workers": WORKERS, "mails": PER_ROUND * ROUNDS, "bytes": size})


def _open(house: House, database: Database, port: int) -> Mailing:
    cafe, now = open_cafe(database, slug="aurora"), clock.now()
    account = {"url": f"smtp://127.0.0.1:{port}", "from": SENDER}
    with database.session(cafe.id) as session:
        members.invite(session, PER_ROUND * (ROUNDS + 1), now=now)
        ids = unlocks.unlock(session, unlocks.offer(session, ["email"]), now=now)
        accounts.add(
            session, channel="email", provider="smtp", credentials=account, now=now, set_by_operator=True, sender=SENDER
        )
        session.commit()
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    batches = [ids[first : first + PER_ROUND] for first in range(0, len(ids), PER_ROUND)]
    return Mailing(house.settings(database, redis=REDIS), database, cafe, batches)


@contextmanager
def _workers(house: House, settings: Settings) -> Iterator[None]:
    with (
        Redis.from_url(settings.redis_url or "") as redis,
        regulars("worker", "--count", str(WORKERS), environment=house.environment(settings)),
    ):
        until(lambda: len(Worker.all(connection=redis)) == WORKERS, what="two workers")
        yield


def _push(mails: Sequence[tuple[str, bytes]], port: int) -> float:
    """Mails a second of a loop that does nothing else."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        begins = time.perf_counter()
        for recipient, mail in mails:
            client.sendmail(SENDER, [recipient], mail)
        return len(mails) / (time.perf_counter() - begins)


def _recipient(mail: bytes) -> str:
    return parseaddr(BytesHeaderParser().parsebytes(mail)["To"])[1]
