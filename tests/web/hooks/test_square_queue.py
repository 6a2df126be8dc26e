"""From the door to a purchase through the real queue."""

import signal
from contextvars import Context

import pytest
from redis import Redis

from tasks import queues, schedule, worker


@pytest.fixture
def run_worker(app):
    """Run one worker until its lanes are empty; pytest gets its signals back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run_worker():
        Context().run(worker.run, app, queues.LANES, burst=True)

    yield run_worker
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def tick(app):
    def tick():
        with app.app_context():
            schedule.tick()

    return lambda: Context().run(tick)


def test_a_hook_reaches_a_worker_by_itself(till, purchases, run_worker):
    order = till.square.ring_up()
    till.tell()

    run_worker()

    assert [purchase.external_id for purchase in purchases()] == [order["id"]]


def test_with_redis_emptied_the_tick_finds_what_was_told(till, purchases, run_worker, tick, redis_url):
    till.square.ring_up()
    till.tell()
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()

    run_worker()
    assert purchases() == []
    tick()
    run_worker()

    assert len(purchases()) == 1


def test_the_tick_polls_for_what_no_hook_told(till, purchases, run_worker, tick):
    till.square.ring_up()

    tick()
    run_worker()

    assert len(purchases()) == 1
