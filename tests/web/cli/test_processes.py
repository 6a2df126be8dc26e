"""The three processes of production, as processes."""

import os
import signal

import httpx
import pytest
import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from tasks import queues
from tests.processes import children_of, is_alive, regulars
from tests.waiting import until
from web.embedded.memory import free_port

EVERY_JOB_KNOWN = "tasks.shutdown.is_asked_for"


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


def workers(client: redis.Redis) -> list[Worker]:
    return Worker.all(connection=client, serializer=JSONSerializer)


def queue(client: redis.Redis, lane: str) -> Queue:
    return Queue(lane, connection=client, serializer=JSONSerializer)


def test_workers_take_what_waits_and_end_with_burst(environment, client):
    for lane in queues.LANES:
        queue(client, lane).enqueue(EVERY_JOB_KNOWN)

    with regulars("worker", "--count", "2", "--burst", environment=environment) as process:
        assert process.wait(60) == 0

    assert [queue(client, lane).count for lane in queues.LANES] == [0] * 5
    assert [queue(client, lane).failed_job_registry.count for lane in queues.LANES] == [0] * 5


def test_every_lane_has_a_worker_and_one_keeps_free_of_what_takes_long(environment, client):
    with regulars("worker", "--count", "2", environment=environment):
        until(lambda: len(workers(client)) == 2)

        heard = sorted(worker.queue_names() for worker in workers(client))
        assert heard == [["instant", "brief"], list(queues.LANES)]


def test_a_killed_worker_is_replaced(environment, client):
    with regulars("worker", "--count", "2", environment=environment) as process:
        until(lambda: len(workers(client)) == 2)
        before = children_of(process.pid)

        os.kill(before[0], signal.SIGKILL)

        until(lambda: len(children_of(process.pid)) == 2 and children_of(process.pid) != before)


def test_workers_end_when_told_to(environment, client):
    with regulars("worker", "--count", "2", environment=environment) as process:
        until(lambda: len(workers(client)) == 2)
        pids = children_of(process.pid)

        process.terminate()

        assert process.wait(30) == 0
    assert not any(is_alive(pid) for pid in pids)


def test_workers_end_when_their_supervisor_is_killed(environment, client):
    with regulars("worker", "--count", "2", environment=environment) as process:
        until(lambda: len(workers(client)) == 2)
        pids = children_of(process.pid)

        process.kill()

        until(lambda: not any(is_alive(pid) for pid in pids), what="the end of the workers")


def test_the_scheduler_ticks_and_the_doctor_sees_all(environment, console, client):
    assert console("doctor", "--json").code == 1

    with (
        regulars("worker", environment=environment),
        regulars("scheduler", environment=environment),
    ):
        said = until(lambda: (said := console("doctor", "--json")).code == 0 and said, what="a healthy product")

    assert said.json["ok"]
    names = {"database", "role", "migrations", "gateways", "redis", "workers", "scheduler", "keys"}
    assert {check["name"] for check in said.json["checks"]} == names


def test_the_web_serves_and_ends_when_told_to(environment):
    address = f"127.0.0.1:{free_port()}"

    def status() -> int | None:
        try:
            return httpx.get(f"http://{address}/readyz").status_code
        except httpx.TransportError:
            return None

    with regulars("web", "--bind", address, "--processes", "1", environment=environment) as process:
        assert until(status) == 200

        process.terminate()

        assert process.wait(30) == 0


def test_the_doctor_knows_them_again_after_redis_was_emptied(environment, console, client):
    def healthy() -> bool:
        return console("doctor", "--json").code == 0

    with regulars("worker", environment=environment), regulars("scheduler", environment=environment):
        until(healthy)

        client.flushdb()

        until(healthy, what="a healthy product")
