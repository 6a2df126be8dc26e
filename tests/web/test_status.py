"""The public status page, and what Prometheus reads."""

from datetime import timedelta

import pytest

from domain import clock
from domain.watch import promptness
from tasks import watch


@pytest.fixture
def served(app, shop, make_here):
    """Four messages that left today, one of them late; counted by the worker's task."""
    now = clock.now()
    for seconds in (1, 2, 3, 60):
        due = now - timedelta(seconds=seconds)
        make_here.message(make_here.member(), state="sent", due_at=due, created_at=due, sent_at=now, settled_at=now)
    shop.commit()
    with app.app_context():
        watch.count_promptness()


def test_everybody_sees_how_promptly_messages_left(client, served):
    page = client.get("/status")

    assert page.status_code == 200
    assert "75.0 %" in page.get_data(as_text=True)


def test_machines_get_it_as_json(client, served):
    [today] = client.get("/status", headers={"Accept": "application/json"}).json["days"]

    assert today == {"day": clock.now().date().isoformat(), "handed_over": 4, "within_10_seconds": 0.75}


def test_before_the_first_message_it_says_so(client):
    assert "Nothing left yet" in client.get("/status").get_data(as_text=True)


def test_prometheus_reads_delivery_over_all_cafes(client, served, shop, make_here):
    make_here.message(make_here.member(), due_at=clock.now() - timedelta(minutes=3))
    make_here.gateway(stopped_at=clock.now(), stopped_because="wrong password")
    shop.commit()
    said = client.get("/metrics").get_data(as_text=True)

    assert 'regulars_lane_due{lane="instant"} 1.0' in said
    assert 'regulars_settled_5m{state="sent"} 4.0' in said
    assert 'regulars_handover_seconds_5m{quantile="0.5",state="sent"} 2.5' in said
    assert 'regulars_gateways{standing="stopped"} 1.0' in said


def test_the_count_is_due_again_after_a_while(app, served, shop):
    assert not promptness.is_due(shop, now=clock.now())
    assert promptness.is_due(shop, now=clock.now() + promptness.COUNT_EVERY)
