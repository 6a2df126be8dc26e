"""The workers there are, the jobs that failed, and how one of these is tried again."""

from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis
from rq import Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from tasks import queues

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Hand:
    """A worker: which lanes it listens to, whether it works, and when it last said that it lives."""

    name: str
    host: str
    lanes: list[str]
    state: str
    job: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that ended in an error: the tick brings its work again, unless that fails too."""

    id: str
    lane: str
    task: str
    failed_at: datetime | None
    why: str


def hands(redis: Redis) -> list[Hand]:
    """Every worker that says it lives."""
    workers = Worker.all(connection=redis, serializer=JSONSerializer)
    return sorted((_hand(each) for each in workers), key=lambda hand: (hand.lanes, hand.name))


def failed(redis: Redis) -> list[FailedJob]:
    """The newest failures of each lane, at most `SHOWN` of each."""
    found = []
    for lane in queues.LANES:
        registry = FailedJobRegistry(queue=queues.queue(lane, redis))
        ids = registry.get_job_ids(0, SHOWN - 1, desc=True)
        jobs = Job.fetch_many(ids, connection=redis, serializer=JSONSerializer)
        found += [_failure(lane, job) for job in jobs if job]
    return sorted(found, key=lambda job: job.failed_at or datetime.min.replace(tzinfo=UTC), reverse=True)


def try_again(redis: Redis, lane: str, job_id: str) -> bool:
    """Put a failed job back into its lane; False when it is not there any more."""
    try:
        FailedJobRegistry(queue=queues.queue(lane, redis)).requeue(job_id)
    except (NoSuchJobError, InvalidJobOperation):
        return False
    return True


def _hand(worker: BaseWorker) -> Hand:
    seen = worker.last_heartbeat
    return Hand(
        name=worker.name,
        host=worker.hostname or "",
        lanes=worker.queue_names(),
        state=str(worker.get_state()),
        job=worker.get_current_job_id(),
        seen_at=_aware(seen),
    )


def _failure(lane: str, job: Job) -> FailedJob:
    result = job.latest_result()
    why = ((result.exc_string if result else None) or "").strip().splitlines()[-1:]
    task = f"{job.func_name} {' '.join(map(str, job.args))}".strip()
    return FailedJob(job.id, lane, task.removeprefix("tasks."), _aware(job.ended_at), why[0] if why else "")


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
