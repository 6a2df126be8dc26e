"""A text in several parts is delivered when all of them are, in whatever order and however often that is told."""

from collections import Counter
from itertools import permutations

import pytest
from sqlalchemy import select

from domain.delivery import parts, receipts
from domain.delivery.ports import DeliveryReport, ReportKind, SendOutcome, SendResult
from models.consent import Suppression
from models.message_part import MessagePart
from tests.statements import statements


@pytest.fixture
def account(make):
    return make.gateway("sms")


@pytest.fixture
def message(make, account, session):
    message = make.message(channel="sms", state="sent", gateway_id=account.id, address="+436641234567")
    left_in(session, account, message, "a1", "a2", "a3")
    return message


def left_in(session, account, message, *refs):
    result = SendResult(message.id, SendOutcome.ACCEPTED, part_refs=refs)
    parts.keep(session, account.id, [result])


def tell(session, account, now, ref, kind=ReportKind.DELIVERED, **more):
    receipts.store(session, account.id, DeliveryReport(f"{ref}:{kind}", kind, ref, **more), now=now)


def state(session, message):
    session.refresh(message)
    return message.state


@pytest.mark.parametrize("order", list(permutations(["a1", "a2", "a3"])))
def test_it_is_delivered_with_its_last_part(session, account, message, now, order):
    for ref in order:
        assert state(session, message) == "sent"
        tell(session, account, now, ref)
        receipts.apply(session, now=now)
    assert state(session, message) == "delivered"


def test_all_at_once_is_as_good(session, account, message, now):
    for ref in ("a1", "a2", "a3"):
        tell(session, account, now, ref)
    assert receipts.apply(session, now=now) == 3

    assert state(session, message) == "delivered"


@pytest.mark.parametrize("order", list(permutations(["a1", "a2", "a3"])))
def test_a_part_that_bounced_bounces_all_of_it(session, account, message, now, order):
    for ref in order:
        if ref == "a2":
            tell(session, account, now, ref, ReportKind.BOUNCED, suppress="invalid_address")
        else:
            tell(session, account, now, ref)
        receipts.apply(session, now=now)

    assert state(session, message) == "bounced"
    assert session.scalars(select(Suppression.address)).all() == ["+436641234567"]


def test_a_part_that_was_not_taken_is_never_delivered(session, account, make, now):
    message = make.message(channel="sms", state="unsure", gateway_id=account.id, address="+436641234567")
    left_in(session, account, message, "b1", None)
    tell(session, account, now, "b1")
    receipts.apply(session, now=now)

    assert state(session, message) == "sent"


def test_told_before_the_ids_were_kept_it_waits(session, account, make, now):
    message = make.message(channel="sms", state="sent", gateway_id=account.id, address="+436641234567")
    for ref in ("c1", "c2"):
        tell(session, account, now, ref)
    assert receipts.apply(session, now=now) == 0

    left_in(session, account, message, "c1", "c2")
    receipts.apply(session, now=now)
    assert state(session, message) == "delivered"


def test_an_id_that_comes_again_means_the_newer_text(session, account, message, make, now):
    newer = make.message(channel="sms", state="sent", gateway_id=account.id, address="+436641234567")
    left_in(session, account, newer, "a1", "d2")
    tell(session, account, now, "a1")
    tell(session, account, now, "d2")
    receipts.apply(session, now=now)

    assert (state(session, newer), state(session, message)) == ("delivered", "sent")


def test_texts_of_one_part_cost_no_statement_more(session, account, make, now):
    make.message(channel="sms", state="sent", gateway_id=account.id, provider_ref="e1", address="+436641234567")
    tell(session, account, now, "e1")
    with statements(session) as seen:
        receipts.apply(session, now=now)
        parts.keep(session, account.id, [SendResult(1, SendOutcome.ACCEPTED, provider_ref="e1")])

    touched = Counter("message_parts" in each for each in seen)
    assert touched[True] == 1  # the join that looks for parts
    assert session.scalar(select(MessagePart.id)) is None
