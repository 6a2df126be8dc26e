"""From a text to its receipt and back, for real: database, worker and a message centre on loopback."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

import gateways
from domain import agenda, clock
from domain.accounts import vault
from domain.audience import consent
from domain.delivery import listening, receipts
from models.gateway import GatewayAccount
from models.message import Lane, Message, Report
from tasks import listening as hearing
from tasks import open_gateways, queues, schedule, slices
from tests.played import smpp as played
from tests.played.smpp import PlayedSmpp, Role
from tests.processes import regulars
from tests.waiting import until

LONG = "Your coffee is free today, and so is a piece of the cake that Nora baked for you this morning. " * 3
QUIET = 0.3


@pytest.fixture
def centre():
    with PlayedSmpp() as server:
        yield server
        open_gateways.close_all()


@pytest.fixture
def account(cafe, centre):
    return smpp_account(cafe, centre.url)


def smpp_account(cafe, url):
    sealed = vault.encrypt({"url": url, "source_addr": "CAFE"})
    account = cafe.make.gateway("sms", provider="smpp", credentials=sealed, set_by_operator=True, sender="")
    tenant = cafe.make.tenant_here()
    tenant.sms_approved_at, tenant.sms_markets = datetime.now(UTC), ["AT"]
    cafe.session.commit()
    return account


@pytest.fixture
def member(cafe):
    member = cafe.make.member(consents=["sms"], phone="+436641234567", phone_country="AT", phone_takes_texts=True)
    cafe.session.commit()
    return member


@pytest.fixture
def write(cafe, member):
    def write(words):
        message = cafe.make.message(member, channel="sms", lane=Lane.INSTANT, values={"text": words})
        cafe.session.commit()
        return message.id

    return write


def state(cafe, message_id):
    cafe.session.rollback()
    return cafe.session.scalar(select(Message.state).where(Message.id == message_id))


def agrees(cafe, member_id):
    """Whether the member hears about rewards by SMS."""
    cafe.session.rollback()
    return consent.of_member(cafe.session, member_id)["sms"]["rewards"]


def test_a_receipt_makes_the_text_delivered(cafe, centre, account, write):
    message_id = write("A coffee waits")
    slices.send(account.id, Lane.INSTANT)
    assert state(cafe, message_id) == "sent"

    centre.receipt(centre.requests[0].id)
    assert hearing.hear(account.id, quiet=QUIET) == (1, False)
    receipts.apply(cafe.session, now=clock.now())
    cafe.session.commit()

    assert state(cafe, message_id) == "delivered"
    assert (centre.untold, centre.stored.binds) == (0, [Role.TRANSMITTER, Role.RECEIVER])


def test_a_long_text_is_delivered_with_its_last_part(cafe, centre, account, write):
    message_id = write(LONG)
    slices.send(account.id, Lane.INSTANT)

    seen = []
    for submitted in centre.requests:
        centre.receipt(submitted.id)
        hearing.hear(account.id, quiet=QUIET)
        receipts.apply(cafe.session, now=clock.now())
        cafe.session.commit()
        seen.append(state(cafe, message_id))

    assert seen == ["sent"] * (len(centre.requests) - 1) + ["delivered"]


def test_a_guest_who_texts_stop_is_texted_no_more(cafe, centre, account, member, write):
    centre.text(member.phone, b"Stop, please!")
    hearing.hear(account.id, quiet=QUIET)

    message_id = write("A coffee waits")
    slices.send(account.id, Lane.INSTANT)
    [message] = [each for each in cafe.messages() if each.id == message_id]
    assert (message.state, message.reason) == ("cancelled", "unsubscribed")
    assert [words for _to, words in centre.stored.texts] == ["Café Aurora: you will get no more texts from us."]


def test_start_opens_what_stop_closed_however_often_they_change_their_mind(cafe, centre, account, member, now):
    granted = []
    for minute, word in enumerate((b"STOP", b"START", b"STOP", b"START"), 1):
        centre.text(member.phone, word)
        with clock.set_to(now + timedelta(minutes=minute)):
            hearing.hear(account.id, quiet=QUIET)
        granted.append(agrees(cafe, member.id))

    assert granted == [False, True, False, True]


def texts_to(centre, account):
    slices.send(account.id, Lane.INSTANT)
    return [words for _to, words in centre.stored.texts]


def test_who_texts_stop_is_told_once_that_it_is_over(cafe, centre, account, member, now):
    cafe.make.tenant_here().locale = "de"
    for minute, word in enumerate((b"STOP", b"Stopp bitte", b"HELP", b"HELP", b"See you tomorrow"), 1):
        centre.text(member.phone, word)
        with clock.set_to(now + timedelta(minutes=minute)):
            hearing.hear(account.id, quiet=QUIET)
            texts_to(centre, account)

    stopped, helped = [words for _to, words in centre.stored.texts]
    assert stopped == "Café Aurora: Sie bekommen keine SMS mehr von uns."
    assert "Café Aurora" in helped
    assert {message.cause for message in cafe.messages()} == {"answer"}
    assert {message.state for message in cafe.messages()} == {"sent"}


def test_a_stranger_who_texts_stop_is_told_so_too(cafe, centre, account):
    centre.text("+436649999999", b"stop")
    hearing.hear(account.id, quiet=QUIET)

    assert len(texts_to(centre, account)) == 1


def test_what_could_not_be_kept_is_told_again(cafe, centre, account, monkeypatch):
    centre.receipt("a1")
    monkeypatch.setattr(hearing.told, "take", _breaks)
    with pytest.raises(RuntimeError):
        hearing.hear(account.id, quiet=QUIET)
    assert centre.untold == 1
    monkeypatch.undo()

    assert hearing.hear(account.id, quiet=QUIET) == (1, False)
    assert centre.untold == 0
    cafe.session.rollback()
    assert cafe.session.scalars(select(Report.provider_ref)).all() == ["a1"]


def _breaks(*_arguments, **_named):
    raise RuntimeError("the database went away")


def test_a_receipt_written_badly_stops_nobody(cafe, centre, account):
    for ref in ("a\x001", "\xff\x02", "a2"):
        centre.receipt(ref, err="0\x000")
    assert hearing.hear(account.id, quiet=QUIET) == (3, False)

    cafe.session.rollback()
    assert cafe.session.scalars(select(Report.provider_ref).order_by(Report.id)).all() == ["a1", "ÿ", "a2"]


def test_what_nobody_understands_is_kept_for_the_owner(cafe, centre, account):
    centre.text("Bank", b"Your code is 1234")
    hearing.hear(account.id, quiet=QUIET)

    cafe.session.rollback()
    [report] = cafe.session.scalars(select(Report)).all()
    assert (report.kind, report.detail) == ("unknown", "Your code is 1234")


def test_one_listens_at_a_time(cafe, centre, account):
    assert listening.take(cafe.session, account.id, "another")
    cafe.session.commit()

    assert hearing.hear(account.id, quiet=QUIET) == (0, False)
    assert centre.stored.binds == []


def test_whoever_broke_off_is_followed_by_another(cafe, centre, account):
    assert listening.take(cafe.session, account.id, "killed")
    cafe.session.execute(update(GatewayAccount).values(heard_until=datetime.now(UTC) - timedelta(seconds=1)))
    cafe.session.commit()

    hearing.hear(account.id, quiet=QUIET)
    assert centre.stored.binds == [Role.RECEIVER]


def test_a_wrong_login_stops_the_account_and_a_busy_operator_does_not(cafe, centre):
    wrong = smpp_account(cafe, f"smpp://cafe:wrong@{centre.host}").id
    with PlayedSmpp(most_binds=0) as full:
        busy = smpp_account(cafe, full.url).id
        for gateway_id in (wrong, busy):
            hearing.hear(gateway_id, quiet=QUIET)

    cafe.session.rollback()
    stopped = dict(cafe.session.execute(select(GatewayAccount.id, GatewayAccount.stopped_because)).all())
    assert stopped[busy] is None
    assert f"0x{played.WRONG_PASSWORD:02X}" in stopped[wrong]


def test_each_minute_it_is_somebodys_turn(cafe, centre, account, now):
    def due(at):
        found = agenda.listening(cafe.session, now=at, every=schedule.LISTEN_EVERY, providers=gateways.listened())
        cafe.session.rollback()
        return [(each.tenant_id, each.gateway_id) for each in found]

    assert due(now) == [(cafe.id, account.id)]
    hearing.hear(account.id, quiet=QUIET)
    assert due(now + timedelta(seconds=30)) == []
    assert due(now + timedelta(seconds=61)) == [(cafe.id, account.id)]
    assert listening.take(cafe.session, account.id, "another")
    assert due(now + timedelta(hours=1)) == []


def test_a_worker_sends_hears_the_receipt_and_obeys_stop(cafe, centre, account, member, write, environment):
    message_id = write(LONG)
    with regulars("worker", environment=environment):
        queues.nudge_delivery(cafe.id)
        until(lambda: centre.stored.texts, what="the text at the operator's")
        assert centre.stored.texts == [("436641234567", LONG)]
        for submitted in centre.requests:
            centre.receipt(submitted.id)
        centre.text(member.phone, b"stop")
        with regulars("scheduler", environment=environment):
            until(lambda: state(cafe, message_id) == "delivered", what="the receipt")
            until(lambda: not agrees(cafe, member.id), what="the stop")
            until(lambda: len(centre.stored.texts) == 2, what="the answer to the stop")
