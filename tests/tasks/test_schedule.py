"""The tick finds what is due and nudges; schedulers may double, die and lose their Redis."""

from collections import Counter
from datetime import UTC, timedelta

import pytest
from sqlalchemy import text

from domain import clock
from domain.outreach import reward_messages
from tasks import delivery, queues, schedule, slices, upkeep, watch, worker


@pytest.fixture
def redis(app):
    with app.app_context():
        return queues.connection()


@pytest.fixture(autouse=True)
def counted(app):
    """Somebody counted just now how promptly messages left."""
    with app.app_context():
        watch.count_promptness()


def jobs(lane):
    return [(job.func_name, job.args) for job in queues.queue(lane).jobs]


def plan(cafe, count, now):
    reward_messages.plan(cafe.session, cafe.unlocks(count), now=now)
    cafe.session.commit()


def test_the_tick_nudges_for_what_is_due_and_twice_does_no_harm(cafe, mail, now):
    account_id = cafe.gateway(mail).id
    plan(cafe, 1, now)
    schedule.tick()
    schedule.tick()
    assert jobs("instant") == [("tasks.delivery.deliver", [cafe.id, account_id, "instant"])]


def test_the_tick_asks_nothing_where_nothing_is_due(cafe, redis):
    schedule.tick()
    assert [len(queues.queue(lane)) for lane in queues.LANES] == [0] * 5


def test_the_tick_has_counted_how_promptly_messages_left_when_nobody_did_for_a_while(cafe, redis):
    cafe.session.execute(text("UPDATE prompt_days SET counted_at = '2020-01-01'"))
    cafe.session.commit()
    schedule.tick()
    assert jobs("mass") == [("tasks.watch.count_promptness", [])]


def test_the_tick_finds_leases_that_ran_out(cafe, redis):
    message = cafe.make.message(state="claimed", claimed_by="gone")
    cafe.session.execute(text("UPDATE messages SET lease_until = clock_timestamp() - interval '1 second'"))
    cafe.session.commit()
    schedule.tick()
    assert jobs("mass") == [("tasks.upkeep.tidy", [cafe.id])]
    upkeep.tidy(cafe.id)
    cafe.session.refresh(message)
    assert message.state == "planned"


def test_a_delivery_goes_to_the_back_of_the_line_until_nothing_is_left(cafe, mail, now):
    account_id = cafe.gateway(mail).id
    plan(cafe, 2, now)
    delivery.deliver(cafe.id, account_id, "instant")
    assert cafe.states() == {"sent": 2}
    assert jobs("instant") == [("tasks.delivery.deliver", [cafe.id, account_id, "instant"])]
    queues.queue("instant").empty()
    delivery.deliver(cafe.id, account_id, "instant")
    assert jobs("instant") == []


def test_a_full_slice_lets_another_worker_begin_before_it_is_sent(cafe, mail, now, monkeypatch):
    account_id = cafe.gateway(mail).id
    plan(cafe, 3, now)
    monkeypatch.setattr(slices, "SLICE", 2)
    waiting = []
    monkeypatch.setattr(slices, "_send_batch", lambda *_: waiting.extend(jobs("instant")) or Counter())
    delivery.deliver(cafe.id, account_id, "instant")
    assert waiting == [("tasks.delivery.deliver", [cafe.id, account_id, "instant"])]


def test_a_look_nudges_each_gateway_with_something_due(cafe, mail, now):
    account_id = cafe.gateway(mail).id
    cafe.make.gateway("sms")
    cafe.session.commit()
    plan(cafe, 1, now)
    delivery.look(cafe.id)
    assert jobs("instant") == [("tasks.delivery.deliver", [cafe.id, account_id, "instant"])]


def test_a_scheduler_queues_one_tick_however_long_nobody_takes_it(redis, app):
    scheduler = schedule.scheduler(redis)
    for _ in range(3):
        scheduler.enqueue_jobs()
        redis.zadd(scheduler.scheduled_jobs_key, {schedule.TICK: 0})
    with app.app_context():
        assert jobs("instant") == [("tasks.schedule.tick", [])]


def test_two_schedulers_queue_one_tick(redis, app):
    for _ in range(2):
        schedule.scheduler(redis).enqueue_jobs()
    with app.app_context():
        assert jobs("instant") == [("tasks.schedule.tick", [])]


def test_the_tick_is_registered_again_after_redis_was_emptied(redis, app):
    scheduler = schedule.scheduler(redis)
    scheduler.enqueue_jobs()
    redis.flushdb()
    scheduler.enqueue_jobs()
    with app.app_context():
        assert jobs("instant") == [("tasks.schedule.tick", [])]


def test_a_tick_that_a_clock_ahead_put_off_for_hours_is_brought_forward(redis, app):
    ticking = schedule.scheduler(redis)
    with app.app_context():
        schedule.register(ticking)
        ticking.change_execution_time(schedule.JsonJob.fetch(schedule.TICK, redis), clock.now() + timedelta(hours=2))
        schedule.register(ticking)

    (_job, at), *rest = ticking.get_jobs(with_times=True)
    assert not rest
    assert at.replace(tzinfo=UTC) <= clock.now() + timedelta(minutes=1)


def test_the_first_of_several_workers_is_free_for_what_members_wait_for():
    assert worker.lanes_of(0, 1) == queues.LANES
    assert worker.lanes_of(0, 3) == ("instant", "brief")
    assert worker.lanes_of(2, 3) == queues.LANES


def test_one_kind_of_upkeep_that_fails_does_not_stop_the_others(cafe, monkeypatch, now):
    cafe.make.message(expires_at=now)
    cafe.session.commit()
    monkeypatch.setattr(upkeep.leases, "take_back", lambda *_, **__: 1 / 0)
    did, has_more = upkeep.run(rounds=5)
    assert (did["cancelled"], has_more) == (1, False)
    assert cafe.states() == {"cancelled": 1}
