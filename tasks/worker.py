"""Workers: take jobs in this process, each in an application context of its own, and end between two groups.

With more than one worker the first listens to `instant` and `brief` alone, so that what a member waits for never stands
behind a campaign or an import: at most behind a small café's midnight, a tenth of a second. All others take `instant`
first, then whatever there is.
"""

from collections.abc import Sequence
from typing import Any

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from rq import SimpleWorker, worker_registration
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from tasks import open_gateways, open_imports, queues, shutdown

WORKER_SECONDS = 60  # how often an idle worker says that it lives


class ContextWorker(SimpleWorker):
    """Runs each job inside the application; SIGTERM lets the running job end after its current step."""

    app: Flask
    max_connection_wait_time = 5.0  # seconds until Redis is asked again, at most

    def perform_job(self, job: Job, queue: Queue, execution: Any) -> bool:
        with self.app.app_context():
            return super().perform_job(job, queue, execution)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that this worker lives; and who it is, should Redis have been emptied meanwhile."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and not self.connection.hexists(self.key, "queues"):
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)

    def handle_warm_shutdown_request(self) -> None:
        shutdown.ask()


def lanes_of(number: int, count: int) -> Sequence[str]:
    """What worker `number` (from 0) of `count` listens to, most urgent first."""
    return (queues.INSTANT, queues.BRIEF) if count > 1 and number == 0 else queues.LANES


def run(app: Flask, lanes: Sequence[str], *, burst: bool = False) -> None:
    """Work until SIGTERM or SIGINT; with `burst` until the lanes are empty."""
    redis = Redis.from_url(app.config["SETTINGS"].redis_url)
    worker = ContextWorker(
        list(lanes), connection=redis, serializer=JSONSerializer, worker_ttl=WORKER_SECONDS, log_job_description=False
    )
    worker.app = app
    try:
        worker.work(burst=burst, logging_level="WARNING")
    finally:
        open_gateways.close_all()
        open_imports.close_all()
