"""The tick: every few seconds somebody asks what is due and nudges. Any number of schedulers may run; a tick told
twice, late or lost does no harm, because what is due stands in the database."""

import time
from datetime import timedelta
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

import gateways
from domain import agenda, clock
from domain.watch import promptness
from models.database import db
from tasks import queues

TICK_SECONDS = 5
POLL_EVERY = timedelta(minutes=5)
LISTEN_EVERY = timedelta(minutes=1)
TICK = "regulars-tick"
RETRY_SECONDS = 2.0

log = structlog.get_logger()


def tick() -> None:
    """Ask which cafés have something due and nudge for each. Bounded by what is due, harmless to repeat."""
    session, now = db.session, clock.now()
    deliveries = agenda.deliveries(session, now=now)
    upkeep = agenda.upkeep(session, now=now)
    touched = agenda.touched(session, now=now)
    midnights = agenda.midnights(session, now=now)
    consoles = agenda.consoles(session, now=now)
    hooks = agenda.hooks(session, now=now)
    polls = agenda.polls(session, now=now, every=POLL_EVERY)
    imports = agenda.imports(session, now=now)
    listening = agenda.listening(session, now=now, every=LISTEN_EVERY, providers=gateways.listened())
    is_watch_due = promptness.is_due(session, now=now)
    session.rollback()
    for due in deliveries:
        queues.nudge_delivery(due.tenant_id, due.gateway_id, due.lane)
    for tenant_id in upkeep:
        queues.nudge_upkeep(tenant_id)
    for tenant_id in touched:
        queues.nudge_segments(tenant_id)
    for tenant_id in midnights:
        queues.nudge_midnight(tenant_id)
    for console in consoles:
        queues.nudge_console(console.tenant_id, console.name)
    for tenant_id in hooks:
        queues.nudge_sync(tenant_id)
    for poll in polls:
        queues.nudge_poll(poll.tenant_id, poll.connector_id)
    for each in imports:
        queues.nudge_import(each.tenant_id, each.import_id)
    for account in listening:
        queues.nudge_listening(account.tenant_id, account.gateway_id)
    if is_watch_due:
        queues.nudge_watch()


class JsonJob(Job):
    """A job in JSON: rq-scheduler has no option for it."""

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Job:
        kwargs.setdefault("serializer", JSONSerializer)
        return super().create(*args, **kwargs)

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:
        return super().fetch(id, connection, serializer or JSONSerializer)


class JsonQueue(Queue):
    """A queue in JSON, likewise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("serializer", JSONSerializer)
        super().__init__(*args, **kwargs)


class TickingScheduler(Scheduler):
    """rq-scheduler that keeps its one job registered, also after Redis was emptied, and queues it once at a time."""

    def heartbeat(self) -> None:
        """Say that this scheduler lives, also after Redis was emptied."""
        if self.connection.exists(self.key):
            super().heartbeat()
        else:
            self.register_birth()

    def enqueue_jobs(self) -> list[Job]:
        """Move the tick into its queue when its time has come."""
        register(self)
        return list(super().enqueue_jobs())

    def enqueue_job(self, job: Job) -> None:
        """A tick that still waits in the queue is not put there a second time."""
        if self.get_queue_for_job(job).get_job_position(job.id) is None:
            super().enqueue_job(job)
        else:
            self.change_execution_time(job, clock.now() + timedelta(seconds=TICK_SECONDS))


def scheduler(redis: Redis) -> TickingScheduler:
    """A scheduler that looks every second."""
    return TickingScheduler(queues.INSTANT, connection=redis, interval=1, job_class=JsonJob, queue_class=JsonQueue)


def register(ticking: Scheduler) -> None:
    """Have the tick scheduled soon, and its job there: what a kill or a flush took is put back, and what a clock that
    ran ahead put off for hours is brought forward."""
    at = ticking.connection.zscore(ticking.scheduled_jobs_key, TICK)
    is_soon = at is not None and at <= (clock.now() + 2 * timedelta(seconds=TICK_SECONDS)).timestamp()
    if is_soon and ticking.job_class.exists(TICK, connection=ticking.connection):
        return
    ticking.schedule(
        clock.now(), "tasks.schedule.tick", interval=TICK_SECONDS, id=TICK, queue_name=queues.INSTANT, timeout=60
    )


def run(redis: Redis, *, burst: bool = False) -> None:
    """Tick until told to end, whatever Redis does meanwhile."""
    while True:
        try:
            return scheduler(redis).run(burst=burst)
        except RedisError as error:
            log.warning("scheduler.waits", reason=type(error).__name__)
            time.sleep(RETRY_SECONDS)
