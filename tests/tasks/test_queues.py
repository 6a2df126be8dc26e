"""Nudges: given once, lost without harm."""

import pytest

from tasks import queues


@pytest.fixture
def inside(app):
    with app.app_context():
        yield queues.connection()


def test_a_nudge_becomes_one_job_with_ids_in_json(inside):
    assert queues.nudge_delivery(7, 3, queues.MASS)
    [job] = queues.queue(queues.MASS).jobs
    assert (job.func_name, job.args) == ("tasks.delivery.deliver", [7, 3, "mass"])


def test_the_same_nudge_is_not_given_twice_until_it_is_taken(inside):
    assert queues.nudge_delivery(7, 3)
    assert not queues.nudge_delivery(7, 3)
    assert queues.nudge_delivery(7, 4)
    queues.taken("delivery.deliver", 7, 3, queues.INSTANT)
    assert queues.nudge_delivery(7, 3)
    assert len(queues.queue(queues.INSTANT)) == 3


def test_another_cafes_nudge_is_another(inside):
    assert queues.nudge_upkeep(1)
    assert queues.nudge_upkeep(2)


def test_a_nudge_that_got_lost_keeps_others_away_for_a_minute_at_most(inside):
    queues.nudge_upkeep(1)
    assert 0 < inside.ttl("regulars:nudged:upkeep.tidy:1") <= 60


def test_without_redis_a_nudge_is_lost_and_nothing_breaks(app, nowhere):
    with app.app_context():
        assert not queues.nudge_delivery(1, 1)
        queues.taken("delivery.deliver", 1, 1, queues.INSTANT)


def test_a_redis_that_does_not_answer_is_not_asked_again_at_once(app, nowhere, monkeypatch):
    with app.app_context():
        queues.nudge_delivery(1, 1)
        monkeypatch.setattr(queues, "connection", lambda: pytest.fail("asked again"))
        assert not queues.nudge_delivery(1, 2)


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.setitem(queues._rest, "until", 0.0)
    redis = queues._connection("redis://127.0.0.1:1")
    monkeypatch.setattr(queues, "connection", lambda: redis)
