"""The lanes of work in Redis. A job only says "look now": Redis may be down or emptied, the next tick finds the work.

A nudge that already waits is not given twice. Jobs carry ids, in JSON.
"""

import time
from functools import lru_cache

import structlog
from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from models.message import Lane

INSTANT, BRIEF, MASS, COMPUTE, SYNC = Lane.INSTANT.value, "brief", Lane.MASS.value, "compute", "sync"
LANES = (INSTANT, BRIEF, MASS, COMPUTE, SYNC)

JOB_SECONDS = 900
FAILED_SECONDS = 86_400
NUDGE_SECONDS = 60  # how long a nudge that got lost keeps others away
LOOK_AGAIN_SECONDS = 4  # less than between two ticks
REST_SECONDS = 5.0  # nobody asks a Redis that does not answer again so soon
_PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 2.0}
_rest = {"until": 0.0}

log = structlog.get_logger()


def connection() -> Redis:
    """Redis for nudging: impatient, so that a door never waits for it."""
    return _connection(current_app.config["SETTINGS"].redis_url)


def queue(lane: str, redis: Redis | None = None) -> Queue:
    """The queue of a lane."""
    return Queue(lane, connection=redis or connection(), serializer=JSONSerializer, default_timeout=JOB_SECONDS)


def nudge(lane: str, task: str, *ids: int | str) -> bool:
    """Ask for `task` (`module.function` below `tasks`) with these ids; call it after the commit.

    False when the same nudge waits already, or when Redis does not answer: the next tick finds the work then.
    """
    if time.monotonic() < _rest["until"]:
        return False
    try:
        redis = connection()
        if not redis.set(_nudge_key(task, ids), 1, nx=True, ex=NUDGE_SECONDS):
            return False
        queue(lane, redis).enqueue(f"tasks.{task}", *ids, result_ttl=0, failure_ttl=FAILED_SECONDS)
    except RedisError as error:
        _rest["until"] = time.monotonic() + REST_SECONDS
        log.warning("nudge.lost", task=task, ids=ids, reason=type(error).__name__)
        return False
    return True


def taken(task: str, *ids: int | str) -> None:
    """A job tells that it looks now: what happens from here on needs a nudge of its own."""
    try:
        connection().delete(_nudge_key(task, ids))
    except RedisError as error:
        log.warning("nudge.kept", task=task, ids=ids, reason=type(error).__name__)


def rests(task: str, *ids: int | str) -> None:
    """A job tells that it looks now, and that looking again is worth it only after a while: many small things that
    happen one after the other are looked at together."""
    try:
        connection().expire(_nudge_key(task, ids), LOOK_AGAIN_SECONDS)
    except RedisError as error:
        log.warning("nudge.kept", task=task, ids=ids, reason=type(error).__name__)


def nudge_delivery(tenant_id: int, gateway_id: int | None = None, lane: str = INSTANT) -> bool:
    """Something may be due: in one gateway and lane of the café, or anywhere in it."""
    if gateway_id is None:
        return nudge(INSTANT, "delivery.look", tenant_id)
    return nudge(lane, "delivery.deliver", tenant_id, gateway_id, lane)


def nudge_upkeep(tenant_id: int) -> bool:
    """Something of the café turns with time: leases, expiries, reports, points."""
    return nudge(MASS, "upkeep.tidy", tenant_id)


def nudge_midnight(tenant_id: int) -> bool:
    """A new day began in the café."""
    return nudge(BRIEF, "segments.turn_day", tenant_id)


def nudge_segments(tenant_id: int) -> bool:
    """Something happened to members of the café, or a new day began there and they are many."""
    return nudge(COMPUTE, "segments.keep_up", tenant_id)


def nudge_console(tenant_id: int, name: str) -> bool:
    """A slot of one of the café's consoles is due."""
    return nudge(COMPUTE, "consoles.run_due", tenant_id, name)


def nudge_sync(tenant_id: int) -> bool:
    """A business system told the café something."""
    return nudge(SYNC, "sync.process_hooks", tenant_id)


def nudge_poll(tenant_id: int, connector_id: int) -> bool:
    """A business system was not asked for a while."""
    return nudge(SYNC, "sync.catch_up", tenant_id, connector_id)


def nudge_listening(tenant_id: int, gateway_id: int) -> bool:
    """Nobody listened for a while to what a provider tells."""
    return nudge(SYNC, "listening.listen", tenant_id, gateway_id)


def nudge_watch() -> bool:
    """Nobody counted for a while how promptly messages leave."""
    return nudge(MASS, "watch.count_promptness")


def nudge_import(tenant_id: int, import_id: int) -> bool:
    """A file waits to be rehearsed, loaded or undone."""
    return nudge(COMPUTE, "imports.work", tenant_id, import_id)


def _nudge_key(task: str, ids: tuple[int | str, ...]) -> str:
    return ":".join(("regulars", "nudged", task, *map(str, ids)))


@lru_cache(maxsize=8)
def _connection(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **_PATIENCE)
