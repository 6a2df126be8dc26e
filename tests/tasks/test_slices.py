"""From an unlock to a mail that left, for real: database, gateway and a mail server on loopback."""

import email
import threading
from collections import Counter
from datetime import timedelta
from email.policy import default

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.delivery import accounts, batches, leases
from domain.delivery.ports import SendOutcome, SendResult
from domain.outreach import reward_messages
from domain.tenant_scope import tenant_scope
from models.consent import Suppression
from models.database import db
from models.gateway import GatewayAccount
from models.member import Member
from models.message import Lane
from models.reward import Reward
from models.template import Template, TemplateVersion
from models.tenant import Tenant
from tasks import open_gateways, slices
from tests.played.smtp import Offer, PlayedSmtp, Trouble
from tests.statements import statements


def plan(cafe, events, now):
    planned = reward_messages.plan(cafe.session, events, now=now)
    cafe.session.commit()
    return planned


def send(account):
    return slices.send(account.id, Lane.INSTANT)


@pytest.fixture
def account(cafe, mail):
    return cafe.gateway(mail)


def test_an_unlock_becomes_one_mail_that_left(cafe, mail, account, now):
    assert plan(cafe, cafe.unlocks(1), now) == 1

    sent = send(account)

    [message] = cafe.messages()
    assert (sent.claimed, message.state, message.attempts) == (1, "sent", 1)
    [received] = mail.received
    letter = email.message_from_bytes(received.body, policy=default)
    assert received.to == message.address
    assert letter["From"] == "Café Aurora <cafe@example.com>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Hello Nora!" in letter.get_body(("plain",)).get_content()
    assert message.body_preview == "Hello Nora!"


def test_a_refused_address_fails_is_suppressed_and_stops_nobody_else(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(3), now)
    gone = cafe.session.scalars(select(Member.email).order_by(Member.id)).first()
    mail.say("RCPT", "550 5.1.1 No such user", to=gone)

    send(account)

    assert [message.state for message in cafe.messages()] == ["failed", "sent", "sent"]
    assert cafe.session.scalars(select(Suppression.address)).all() == [gone]


def test_a_temporary_no_waits_a_minute_then_five(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    mail.say("RCPT", "451 4.3.0 Try again later", times=2)

    at, waits = now, []
    for _ in range(2):
        with clock.set_to(at):
            send(account)
        [message] = cafe.messages()
        assert message.state == "planned"
        waits.append((message.due_at - at).total_seconds() / 60)
        at = message.due_at

    assert 1 <= waits[0] <= 1.1
    assert 5 <= waits[1] <= 5.5
    with clock.set_to(at):
        send(account)
    assert cafe.states() == {"sent": 1}
    assert len(mail.received) == 1


def test_a_line_that_drops_after_the_text_leaves_it_unsure_and_never_repeats_it(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    mail.say("text", Trouble.DROP)

    send(account)
    send(account)

    assert cafe.states() == {"unsure": 1}
    assert sum(command.startswith("DATA") for command in mail.commands) == 1


def test_a_final_no_to_the_text_fails(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    mail.say("text", "554 5.6.0 Content refused")
    send(account)
    assert cafe.states() == {"failed": 1}


def test_a_wrong_password_stops_the_gateway_and_its_messages_stay_planned(cafe, now):
    with PlayedSmtp(Offer(login=("aurora", "right"))) as server:
        account = cafe.gateway_to(server.url.replace("right", "wrong"))
        plan(cafe, cafe.unlocks(3), now)
        send(account)
        account = accounts.get(cafe.session, account.id)
        assert account.stopped_at == now
        assert account.stopped_because
        assert cafe.states() == {"planned": 3}
        assert {message.attempts for message in cafe.messages()} == {0}
        open_gateways.close_all()


def test_settings_that_do_not_open_stop_the_gateway(cafe, now):
    account = cafe.gateway_to("gopher://nowhere")
    plan(cafe, cafe.unlocks(1), now)
    assert send(account).claimed == 0
    cafe.session.refresh(account)
    assert account.stopped_because
    assert cafe.states() == {"planned": 1}


def test_a_server_that_is_gone_costs_one_group_an_attempt_and_the_rest_waits(cafe, now, monkeypatch):
    with PlayedSmtp() as server:
        url = server.url
    account = cafe.gateway_to(url)
    plan(cafe, cafe.unlocks(5), now)
    monkeypatch.setattr("gateways.smtp.SmtpGateway.group_size", 2)

    send(account)

    messages = cafe.messages()
    assert {message.state for message in messages} == {"planned"}
    assert sorted(message.attempts for message in messages) == [0, 0, 0, 1, 1]
    assert all(message.due_at >= now + timedelta(minutes=1) for message in messages)


def test_a_message_that_cannot_be_rendered_is_parked_with_a_reason_and_the_others_leave(cafe, mail, account, now):
    good, bad = cafe.unlocks(1), cafe.unlocks(1)
    broken = cafe.session.scalars(select(Template.id).order_by(Template.id.desc())).first()
    cafe.session.execute(update(Template).where(Template.id == broken).values(version=2))
    cafe.session.add(
        TemplateVersion(template_id=broken, number=2, subject="x", html="<p>x</p>", text="{{ purchase.amount }}")
    )
    cafe.session.commit()
    plan(cafe, good + bad, now)

    send(account)

    first, second = cafe.messages()
    assert (first.state, second.state) == ("sent", "failed")
    assert "purchase" in second.detail


def test_a_gateway_that_raises_leaves_its_group_unsure(cafe, mail, account, now, monkeypatch):
    def break_down(*_):
        raise RuntimeError("a mistake of ours")

    plan(cafe, cafe.unlocks(2), now)
    monkeypatch.setattr("gateways.smtp.SmtpGateway.send", break_down)
    send(account)
    assert cafe.states() == {"unsure": 2}


def test_a_letter_without_a_result_is_unsure(cafe, mail, account, now, monkeypatch):
    def only_the_first(_self, outgoing):
        return [SendResult(outgoing[0].message_id, SendOutcome.ACCEPTED, provider_ref="one")]

    plan(cafe, cafe.unlocks(2), now)
    monkeypatch.setattr("gateways.smtp.SmtpGateway.send", only_the_first)
    send(account)
    assert [message.state for message in cafe.messages()] == ["sent", "unsure"]


def test_asked_to_stop_it_ends_between_groups_and_gives_back_the_rest(cafe, mail, account, now, monkeypatch):
    plan(cafe, cafe.unlocks(4), now)
    monkeypatch.setattr("gateways.smtp.SmtpGateway.group_size", 2)
    answers = iter([False, True])

    slices.send(account.id, Lane.INSTANT, should_stop=lambda: next(answers))

    assert cafe.states() == {"sent": 2, "planned": 2}
    assert all(message.claimed_by is None for message in cafe.messages() if message.state == "planned")


def test_switched_off_meanwhile_nobody_is_told(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    cafe.session.execute(update(Reward).values(messages_enabled=False))
    cafe.session.commit()
    send(account)
    [message] = cafe.messages()
    assert (message.state, message.reason) == ("cancelled", "switched_off")
    assert mail.received == []


def test_a_night_that_fell_meanwhile_moves_it_to_the_morning(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1, message_delay_minutes=120, quiet_from=21 * 60, quiet_to=9 * 60), now)
    with clock.set_to(now + timedelta(hours=9.5)):  # 21:30 in Vienna
        sent = send(account)
    [message] = cafe.messages()
    assert (sent.claimed, message.state) == (1, "planned")
    assert message.due_at == now + timedelta(hours=21)  # 9:00 the next morning
    assert mail.received == []


def test_past_its_time_it_is_cancelled(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    with clock.set_to(now + timedelta(hours=72)):
        send(account)
    [message] = cafe.messages()
    assert (message.state, message.reason) == ("cancelled", "expired")


def test_two_workers_racing_send_each_message_once(app, cafe, mail, account, now):
    plan(cafe, cafe.unlocks(60), now)
    account_id, barrier = account.id, threading.Barrier(2)
    cafe.session.rollback()

    def work():
        with app.app_context(), tenant_scope(cafe.id), clock.set_to(now):
            barrier.wait()
            while slices.send(account_id, Lane.INSTANT).claimed:
                pass

    gateways_apart = [threading.Thread(target=work) for _ in range(2)]
    for thread in gateways_apart:
        thread.start()
    for thread in gateways_apart:
        thread.join()

    assert cafe.states() == {"sent": 60}
    receivers = [received.to for received in mail.received]
    assert len(receivers) == len(set(receivers)) == 60


def test_whoever_lost_the_lease_sends_nothing(cafe, mail, account, now, monkeypatch):
    plan(cafe, cafe.unlocks(1), now)
    render = slices._rendered

    def slow(session, batch, account):
        rendered = render(session, batch, account)
        leases.release(session, batch.owner)  # as if the lease had run out and another had it now
        session.commit()
        return rendered

    monkeypatch.setattr(slices, "_rendered", slow)
    send(account)
    assert cafe.states() == {"planned": 1}
    assert mail.received == []


def test_results_are_written_though_the_database_goes_away_for_a_moment(cafe, mail, account, now, monkeypatch):
    plan(cafe, cafe.unlocks(1), now)
    advance, failures = batches.advance, iter([False, True, False])

    def cut_off_once(session, *args, **kwargs):
        if next(failures):
            session.connection().connection.dbapi_connection.close()
        return advance(session, *args, **kwargs)

    monkeypatch.setattr(batches, "advance", cut_off_once)
    send(account)
    assert cafe.states() == {"sent": 1}


def test_a_stopped_gateway_sends_nothing(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(1), now)
    cafe.session.execute(update(GatewayAccount).values(stopped_at=now))
    cafe.session.commit()
    assert send(account).claimed == 0
    assert cafe.states() == {"planned": 1}


def test_two_workers_racing_never_spend_more_than_the_month_allows(app, cafe, mail, account, now, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 7)
    cafe.session.execute(update(GatewayAccount).values(price_per_part=150))
    cafe.session.execute(update(Tenant).values(monthly_cap_minor=40))  # 26 mails of 1.5 cents, and a cent
    plan(cafe, cafe.unlocks(60), now)
    account_id, barrier, counted = account.id, threading.Barrier(2), Counter()
    cafe.session.rollback()

    def work():
        with app.app_context(), tenant_scope(cafe.id), clock.set_to(now):
            barrier.wait()
            while (done := slices.send(account_id, Lane.INSTANT)).claimed:
                counted.update(done.states)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert cafe.states() == {"sent": 26, "cancelled": 34}
    assert (counted["sent"], counted["cancelled"], len(mail.received)) == (26, 34, 26)
    assert {message.reason for message in cafe.messages() if message.state == "cancelled"} == {"cap_reached"}
    assert sum(message.cost or 0 for message in cafe.messages()) == 26 * 150


def test_a_mail_that_costs_nothing_asks_the_database_nothing_more(cafe, mail, account, now):
    plan(cafe, cafe.unlocks(2), now)
    cafe.session.execute(update(Tenant).values(monthly_cap_minor=0))
    cafe.session.commit()

    with statements(db.engine) as seen:
        send(account)

    assert cafe.states() == {"sent": 2}
    asks_about_money = ("SELECT monthly_cap_minor", "budget:", "sum(cost)", "cost = p.cost")
    assert not [each for each in seen if any(words in each for words in asks_about_money)]
