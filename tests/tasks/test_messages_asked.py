"""Segments that ask about messages follow what becomes of them: handed over, opened, clicked, come back."""

import pytest
from sqlalchemy import select, text

from domain.delivery import receipts
from domain.delivery.ports import DeliveryReport, ReportKind
from domain.outreach import reward_messages
from models.message import Lane, Message
from models.segment import SegmentMember
from models.summary import MemberSummary
from tasks import segments, slices


def leaf(fact, op="gte", value=1):
    return {"fact": fact, "op": op, "value": value}


@pytest.fixture
def letters(cafe, mail, now):
    """Sends a letter to each of two guests, and looks at them as a worker does."""
    account = cafe.gateway(mail)
    events = cafe.unlocks(2)

    class Letters:
        def send(self):
            reward_messages.plan(cafe.session, events, now=now)
            cafe.session.commit()
            slices.send(account.id, Lane.INSTANT)

        def report(self, kind, **told):
            message_id = cafe.session.scalars(select(Message.id).order_by(Message.id)).first()
            report = DeliveryReport(key=kind, kind=kind, message_id=message_id, **told)
            receipts.store(cafe.session, account.id, report, now=now)
            receipts.apply(cafe.session, now=now)
            cafe.session.commit()

    segments.run(slices=10)
    return Letters()


@pytest.fixture
def inside(cafe):
    """How many are in the segment that asks this, once a worker looked."""

    def count(segment):
        segments.run(slices=10)
        return len(cafe.session.scalars(select(SegmentMember).where(SegmentMember.segment_id == segment.id)).all())

    return count


def asks(cafe, rule):
    segment = cafe.make.segment(definition=rule)
    cafe.session.commit()
    return segment


def test_who_got_a_message_is_in_it_after_it_left(cafe, letters, inside):
    written_to = asks(cafe, leaf("messages.received"))
    letters.send()

    assert inside(written_to) == 2


@pytest.mark.parametrize(("kind", "fact"), [(ReportKind.OPENED, "opened"), (ReportKind.CLICKED, "clicked")])
def test_who_opened_or_clicked_is_in_it(cafe, letters, inside, kind, fact):
    asking = asks(cafe, leaf(f"messages.{fact}"))
    letters.send()
    assert inside(asking) == 0
    letters.report(kind)

    assert inside(asking) == 1


def test_whom_it_came_back_from_is_in_it_and_no_longer_reachable(cafe, letters, inside):
    returned, reachable = (
        asks(cafe, leaf("messages.not_reached")),
        asks(cafe, leaf("reachable.email", "eq", value=True)),
    )
    segments.run(slices=10)
    letters.send()
    letters.report(ReportKind.BOUNCED, suppress="bounced")

    assert (inside(returned), inside(reachable)) == (1, 1)


def test_where_nothing_asks_nobody_is_looked_at_for_a_letter(cafe, letters):
    cafe.session.execute(text("UPDATE member_summaries SET touched_at = NULL"))
    cafe.session.commit()
    letters.send()

    assert cafe.session.scalars(select(MemberSummary).where(MemberSummary.touched_at.is_not(None))).all() == []
