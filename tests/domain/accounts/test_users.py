"""People who sign in."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from domain.accounts import sessions, users
from domain.errors import Conflict, Unacceptable

WEAKER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def marta(session):
    return users.create(session, email="marta@aurora.example", password="three words together")


def test_only_the_right_password_is_the_users(session, marta):
    assert users.authenticate(session, "Marta@aurora.example ", "three words together") is marta
    assert users.authenticate(session, "marta@aurora.example", "three words") is None
    assert users.authenticate(session, "nobody@aurora.example", "three words together") is None


def test_an_old_hash_is_renewed_at_the_next_sign_in(session, marta):
    marta.password_hash = WEAKER.hash("three words together")
    users.authenticate(session, marta.email, "three words together")

    assert "t=1" not in marta.password_hash
    assert users.authenticate(session, marta.email, "three words together") is marta


def test_a_hash_that_is_none_lets_nobody_in(session, make):
    user = make.user(password_hash="no password fits")

    assert users.authenticate(session, user.email, "no password fits") is None


def test_an_address_signs_in_once(session, marta):
    with pytest.raises(Conflict):
        users.create(session, email="MARTA@aurora.example", password="another one here")


@pytest.mark.parametrize(
    "typed", ["", "marta", "a@b@c.example", "Marta <m@x.example>", "m@x.example\nBcc: y@z.example"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(Unacceptable):
        users.normalise_email(typed)


def test_a_domain_in_other_letters_is_kept_in_ascii():
    assert users.normalise_email(" Marta@Café.example") == "marta@xn--caf-dma.example"


def test_a_new_password_ends_every_session(session, marta, now):
    token, _row = sessions.start(session, marta, now=now, address="203.0.113.9", agent="a browser")
    users.change_password(session, marta, current="three words together", new="four words are better", now=now)

    assert sessions.find(session, token, now=now) is None
    assert marta.password_changed_at == now


def test_sessions_run_out(session, marta, now):
    token, row = sessions.start(session, marta, now=now, address="203.0.113.9", agent="a browser")

    assert sessions.find(session, token, now=now + timedelta(hours=23)) == (row, marta)
    assert sessions.find(session, token, now=now + timedelta(hours=25)) is None
    assert sessions.sweep(session, now=now + timedelta(hours=25)) == 1


def test_somebody_switched_off_has_no_session(session, marta, now):
    token, _row = sessions.start(session, marta, now=now, address="", agent="")
    marta.disabled_at = now
    session.flush()

    assert sessions.find(session, token, now=now) is None
