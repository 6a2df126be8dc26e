"""Midnight in a thousand small cafés at once: two real workers bring all their summaries, tags and segments to the new
day."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from redis import Redis
from rq import Worker

from bench import crowd
from bench.crowd import Crowd
from bench.house import House
from bench.measures import Bound, Finding
from bench.segments import SCALE
from domain import agenda, clock
from domain.audience import freshness
from models.tenant import Tenant
from tasks import queues
from tests.databases import Database
from tests.processes import regulars
from tests.waiting import until
from web.background import create_background_app
from web.config import Settings

CAFES, MEMBERS, WORKERS = 1000 // SCALE, 1000, 2
REDIS = 3  # the number of this benchmark's database in Redis


def run(house: House) -> Finding:
    """Everything stands at yesterday; measure until nothing is due any more."""
    with house.database("midnight") as database:
        yesterday = clock.now() - timedelta(days=1)
        day = yesterday.astimezone(ZoneInfo("Europe/Vienna")).date()
        (cafes,) = crowd.fill(database, [Crowd(CAFES, MEMBERS)], today=day)
        for some in (cafes[:5], cafes[5:50], cafes[50:]):
            _stand_at(database, some, yesterday)
            crowd.settle(database)  # tables that were empty a moment ago are unknown to the planner
        settings = house.settings(database, redis=REDIS)
        with create_background_app(settings).app_context(), _workers(house, settings):
            seconds = _all_follow(database, cafes)
    what = f"midnight in {CAFES:,} cafés of {MEMBERS:,} members, {WORKERS} workers"
    measure = Bound(what, "s", [seconds], 60 / SCALE)
    return Finding("midnight", [measure], {"workers": WORKERS, "cafes": CAFES, "members of each": MEMBERS})


def _stand_at(database: Database, cafes: Sequence[int], now: datetime) -> None:
    def stand(tenant_id: int) -> None:
        with database.session(tenant_id) as session:
            freshness.recompute(session, session.get_one(Tenant, tenant_id), now=now)
            session.commit()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(stand, cafes))


def _all_follow(database: Database, cafes: Sequence[int]) -> float:
    """Wake the workers as the tick does, and wait for the last café: seconds."""
    with database.session() as session:
        begins = time.perf_counter()
        for tenant_id in cafes:
            queues.nudge_midnight(tenant_id)
        until(lambda: not _are_due(session), within=600, what="the end of midnight")
        return time.perf_counter() - begins


def _are_due(session) -> bool:
    due = agenda.midnights(session, now=clock.now())
    session.rollback()
    return bool(due)


@contextmanager
def _workers(house: House, settings: Settings) -> Iterator[None]:
    with (
        Redis.from_url(settings.redis_url or "") as redis,
        regulars("worker", "--count", str(WORKERS), environment=house.environment(settings)),
    ):
        until(lambda: len(Worker.all(connection=redis)) == WORKERS, what="two workers")
        yield
