"""Forgetting somebody while something is under way."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from domain.audience import consent, erasure
from domain.audience.consent import Answer, Proof
from domain.delivery import batches, outbox, receipts
from domain.delivery.batches import HandedOver, Letter
from domain.delivery.ports import DeliveryReport, Outgoing, ReportKind, SendOutcome, SendResult
from domain.errors import Refusal
from domain.loyalty import purchases
from domain.loyalty.sales import MemberRef, Sale
from domain.tenant_scope import tenant_scope
from models.consent import Consent, Suppression
from models.member import Member
from models.message import Message, Report
from models.purchase import Purchase
from tests.factories import Make
from tests.waiting import until

BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def nora(make):
    return make.member(external_id="nora", email="nora@example.com", consents=["email"])


def claimed(session, make, member, now):
    account = make.gateway("email")
    make.message(member)
    batch = outbox.claim(session, account, "instant", owner="w", limit=9, now=now)
    [each] = batch.messages
    outgoing = Outgoing(each.id, "nora@example.com", b"", "ref")
    return account, Letter(outgoing, "email", member.id, "rewards", 0, "Hello Nora", "Dear Nora")


def test_a_letter_that_is_written_already_does_not_leave(session, make, nora, now):
    account, letter = claimed(session, make, nora, now)
    erasure.erase(session, nora, now=now)

    may_go = batches.advance(session, "w", account.id, batches.NOTHING, [letter], now=now).may_go

    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert may_go == []
    assert (message.state, message.reason, message.subject) == ("cancelled", "member_erased", None)


def test_what_a_provider_says_after_the_erasure_is_forgotten_too(session, make, nora, now):
    account, letter = claimed(session, make, nora, now)
    batches.advance(session, "w", account.id, batches.NOTHING, [letter], now=now)
    erasure.erase(session, nora, now=now)
    words = "550 <nora@example.com> unknown"
    refused = SendResult(letter.outgoing.message_id, SendOutcome.REFUSED, detail=words, suppress="bounced")
    batches.advance(session, "w", account.id, HandedOver([letter], [refused]), [], now=now)
    report = DeliveryReport(key="k", kind=ReportKind.BOUNCED, message_id=letter.outgoing.message_id, detail=words)
    receipts.store(session, account.id, report, now=now)

    receipts.apply(session, now=now)

    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert (message.state, message.detail, message.address) == ("bounced", None, None)
    assert session.scalars(select(Report.detail)).all() == [""]
    assert session.scalars(select(Suppression)).all() == []


def test_who_wanted_nothing_by_mail_is_remembered_as_a_fingerprint_only(session, make, nora, now):
    consent.withdraw(session, nora.id, Proof("page", now), now=now, channel="email")
    erasure.erase(session, nora, now=now)

    [kept] = session.scalars(select(Suppression)).all()
    assert (kept.channel, kept.reason) == ("email", "opted_out")
    assert kept.address.startswith("#")


def test_a_no_keeps_its_day_and_loses_its_words(session, make, nora, now):
    told = Proof("told by Nora", now, "Stop it, says Nora", "v1", "203.0.113.7", "user:1")
    consent.record(session, nora.id, [Answer("sms", "rewards", granted=False)], told, now=now)
    erasure.erase(session, nora, now=now)
    session.expire_all()

    row = session.scalars(select(Consent).order_by(Consent.id.desc())).first()
    assert (row.given_at, row.granted) == (now, False)
    assert (row.source, row.wording, row.wording_version, row.address, row.recorded_by) == ("", "", "", "", "")


def test_a_no_of_somebody_who_is_still_here_cannot_be_edited(session, make, nora, now):
    session.execute(text("SELECT forget_words(:id)"), {"id": nora.id})

    assert session.scalars(select(Consent.source)).all() == ["a paper form"]


def test_a_purchase_that_waits_for_the_erasure_finds_nobody(database, now):
    engine = database.engine()
    with database.session() as session:
        tenant_id = Make(session).tenant().id
        session.commit()
    sale = Sale("r1", MemberRef("external_id", "nora"), 1000, "EUR", now)
    refused: list[Refusal] = []

    def buy() -> None:
        with database.session(tenant_id) as own:
            try:
                purchases.post(own, sale, now=now)
            except Refusal as refusal:
                refused.append(refusal)

    with tenant_scope(tenant_id), database.session(tenant_id) as erasing, database.session(tenant_id) as watching:
        make = Make(erasing)
        make.earning_rule()
        member = make.member(external_id="nora")
        erasing.commit()
        erasure.erase(erasing, erasing.get_one(Member, (tenant_id, member.id)), now=now)
        thread = threading.Thread(target=buy)
        thread.start()
        until(lambda: _blocked(watching), what="the purchase waits")
        erasing.commit()
        thread.join()

        assert [each.errors[0].path for each in refused] == ["member"]
        watching.rollback()
        assert watching.scalars(select(Purchase)).all() == []
    engine.dispose()


def test_a_pause_and_the_links_end_with_the_person(session, make, nora, now):
    consent.pause(session, nora.id, until=now + timedelta(days=30))
    before = nora.link_number
    erasure.erase(session, nora, now=now)

    assert nora.link_number == before + 1
    assert consent.of_member(session, nora.id) == {}


def _blocked(session) -> bool:
    session.rollback()
    return bool(session.scalar(BLOCKED))


def test_who_is_forgotten_is_no_longer_counted_in_segments(session, make, nora, now):
    segment = make.segment(size=1)
    make.segment_member(segment.id, nora)

    erasure.erase(session, nora, now=now)

    session.refresh(segment)
    assert segment.size == 0
