"""What providers tell later, in any order and any number of times, ends in the right state."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.delivery import receipts
from domain.delivery.ports import DeliveryReport, ReportKind
from models.consent import Suppression
from models.message import Report

WEIGHT = [ReportKind.SENT, ReportKind.FAILED, ReportKind.DELIVERED, ReportKind.BOUNCED]
numbers = count()


@pytest.fixture
def account(make):
    return make.gateway("sms")


@pytest.fixture
def message(make, account):
    return make.message(channel="sms", state="sent", gateway_id=account.id, provider_ref="SM1", address="+436641234567")


def tell(session, account, now, kind=ReportKind.DELIVERED, **report):
    report = {"key": f"SM1:{kind}", "provider_ref": "SM1"} | report
    return receipts.store(session, account.id, DeliveryReport(kind=kind, **report), now=now)


def state(session, message):
    session.refresh(message)
    return message.state


def test_a_report_moves_its_message_forward(session, account, message, now):
    assert tell(session, account, now)
    assert receipts.apply(session, now=now) == 1
    assert state(session, message) == "delivered"


def test_told_twice_it_is_kept_once(session, account, message, now):
    assert tell(session, account, now)
    assert not tell(session, account, now)
    assert receipts.apply(session, now=now) == 1
    assert receipts.apply(session, now=now) == 0


def test_a_late_sent_does_not_take_back_a_delivery(session, account, message, now):
    for kind in (ReportKind.DELIVERED, ReportKind.SENT):
        tell(session, account, now, kind)
        receipts.apply(session, now=now)
    assert state(session, message) == "delivered"


def test_a_late_bounce_may_follow_a_delivery(session, account, message, now):
    for kind in (ReportKind.DELIVERED, ReportKind.BOUNCED):
        tell(session, account, now, kind)
        receipts.apply(session, now=now)
    assert state(session, message) == "bounced"


def test_evidence_settles_what_was_unsure(session, make, account, now):
    message = make.message(channel="sms", state="unsure", gateway_id=account.id)
    tell(session, account, now, provider_ref="SM2", message_id=message.id)
    receipts.apply(session, now=now)
    assert state(session, message) == "delivered"
    assert (message.provider_ref, message.sent_at) == ("SM2", now)


def test_a_report_that_comes_before_its_message_is_settled_waits(session, make, account, now):
    message = make.message(channel="sms", state="attempting", gateway_id=account.id, attempts=1)
    tell(session, account, now, provider_ref="SM3", key="early")
    assert receipts.apply(session, now=now) == 0
    message.state, message.provider_ref = "sent", "SM3"
    session.flush()
    assert receipts.apply(session, now=now) == 1
    assert state(session, message) == "delivered"


def test_a_report_about_nothing_is_given_up_in_the_end(session, account, now):
    tell(session, account, now, provider_ref="nobody")
    later = now + receipts.GIVE_UP_AFTER
    receipts.apply(session, now=later)
    assert session.scalars(select(Report.applied_at)).all() == [later]


def test_what_was_planned_again_but_arrived_is_not_sent_twice(session, make, account, now):
    message = make.message(channel="sms", state="planned", gateway_id=account.id, attempts=1)
    tell(session, account, now, message_id=message.id)
    receipts.apply(session, now=now)
    assert state(session, message) == "delivered"


def test_a_cancelled_message_stays_cancelled(session, make, account, now):
    message = make.message(channel="sms", state="cancelled", reason="expired", gateway_id=account.id)
    tell(session, account, now, message_id=message.id)
    receipts.apply(session, now=now)
    assert state(session, message) == "cancelled"


def test_another_gateways_report_means_nothing_here(session, make, message, now):
    tell(session, make.gateway("sms"), now)
    assert receipts.apply(session, now=now) == 0


def test_an_address_that_refuses_for_good_is_suppressed(session, account, message, now):
    tell(session, account, now, ReportKind.BOUNCED, suppress="invalid_address")
    receipts.apply(session, now=now)
    assert session.scalars(select(Suppression.address)).all() == [message.address]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=st.lists(st.tuples(st.sampled_from(WEIGHT), st.booleans()), min_size=1, max_size=6))
def test_repeated_late_early_and_shuffled_reports_end_in_the_weightiest(session, make, account, now, reports):
    ref = f"SM-{next(numbers)}"
    message = make.message(channel="sms", state="sent", gateway_id=account.id, provider_ref=ref)
    for kind, apply_now in reports:
        tell(session, account, now, kind, key=f"{ref}:{kind}", provider_ref=ref)
        if apply_now:
            receipts.apply(session, now=now + timedelta(seconds=1))
    receipts.apply(session, now=now)
    heaviest = max((kind for kind, _ in reports), key=WEIGHT.index)
    assert state(session, message) == ("sent" if heaviest is ReportKind.SENT else heaviest.value)
