"""From an unlock to a mail that left, for real: database, gateway and a mail server on loopback."""

import email
from email.policy import default

from domain.outreach import reward_messages
from models.message import Lane
from tasks import slices


def plan(cafe, events, now):
    planned = reward_messages.plan(cafe.session, events, now=now)
    cafe.session.commit()
    return planned


def test_an_unlock_becomes_one_mail_that_left(cafe, mail, now):
    account = cafe.gateway(mail)
    assert plan(cafe, cafe.unlocks(1), now) == 1

    sent = slices.send(account.id, Lane.INSTANT)

    [message] = cafe.messages()
    assert (sent.claimed, message.state, message.attempts) == (1, "sent", 1)
    [received] = mail.received
    letter = email.message_from_bytes(received.body, policy=default)
    assert received.to == message.address
    assert letter["From"] == "Café Aurora <cafe@example.com>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Hello Nora!" in letter.get_body(("plain",)).get_content()
    assert message.body_preview == "Hello Nora!"
