"""What a guest may ask for: their data, or to be forgotten."""

import json

import pytest

from domain.content.links import LinkClaim, LinkSigner, Purpose
from models.member import Member
from tests.web.conftest import ask, change
from tests.web.members.conftest import press

PAGE = "/cafes/aurora/members/M-1"
ERASE = f"{PAGE}/erase"
DATA = f"{PAGE}/data"


@pytest.fixture
def busy(cafe, nora, make_in) -> int:
    """Nora with a purchase, points, a reward, a message and a suppression."""
    with make_in(cafe.id) as make:
        member = make.session.get_one(Member, (cafe.id, nora))
        make.purchase(member, items=[{"name": "=Melange", "amount_minor": 450}])
        make.points(member, 45)
        make.reward_event(member)
        make.message(member)
        make.suppression("email", "nora@example.com")
    return nora


def stale(database) -> None:
    change(database.admin_url, "UPDATE user_sessions SET fresh_at = now() - interval '1 hour'")


def test_all_data_comes_as_one_file_and_is_noted(owner, database, busy):
    answer = press(owner, PAGE, DATA, format="json")

    assert answer.headers["Content-Disposition"] == f"attachment; filename=member-{busy}.json"
    told = json.loads(answer.text)
    assert told["profile"][0]["email"] == "nora@example.com"
    assert told["purchases"][0]["items"][0]["name"] == "=Melange"
    assert [each["topic"] for each in told["consents"]] == ["rewards", "promotional"]
    assert all(told[kind] for kind in ("balances", "points", "rewards", "messages", "refused_addresses"))
    assert ask(database.admin_url, "SELECT action FROM audit_entries ORDER BY id DESC LIMIT 1") == "member.exported"


def test_as_a_table_nothing_is_a_formula(owner, busy):
    rows = press(owner, PAGE, DATA, format="csv").text.splitlines()

    assert rows[0] == '\ufeff"kind","at","details"'
    assert any(row.startswith('"purchases","2025-01-01T12:00:00+00:00","receipt:') for row in rows)


def test_the_form_asks_for_the_number_and_keeps_what_was_typed(owner, database, cafe, busy):
    answer = press(owner, ERASE, ERASE, typed="M-2")

    assert answer.status_code == 422
    assert 'value="M-2"' in answer.text
    assert ask(database.admin_url, f"SELECT erased_at FROM members WHERE id = {busy}") is None


def test_a_forgotten_guest_is_nowhere_and_it_is_noted(owner, database, busy):
    answer = press(owner, ERASE, ERASE, typed=" M-1 ")

    assert (answer.status_code, answer.location) == (303, "/cafes/aurora/members/")
    assert owner.get(PAGE).status_code == 404
    assert "Nora" not in owner.get("/cafes/aurora/members/").text
    assert (
        ask(database.admin_url, "SELECT subject FROM audit_entries WHERE action = 'member.erased'") == f"member:{busy}"
    )


@pytest.mark.parametrize("button", [ERASE, DATA])
def test_both_ask_for_a_fresh_login(owner, database, busy, button):
    stale(database)

    answer = press(owner, PAGE, button, typed="M-1", format="json")
    assert answer.status_code == 303
    assert "/sign-in/again" in answer.location
    assert ask(database.admin_url, f"SELECT erased_at FROM members WHERE id = {busy}") is None


@pytest.mark.parametrize("role", ["manager", "staff"])
def test_only_owners_may(colleague, busy, role):
    browser = colleague(role)

    assert browser.get(ERASE).status_code == 403
    assert press(browser, PAGE, ERASE, typed="M-1").status_code == 403
    assert press(browser, PAGE, DATA, format="json").status_code == 403


def test_an_old_link_of_a_forgotten_guest_opens_nothing(owner, app, cafe, busy):
    signer = LinkSigner(app.config["SETTINGS"].secret_key)
    link = "/p/" + signer.sign(LinkClaim(Purpose.PREFERENCES, cafe.id, busy, link_number=1))
    assert app.test_client().get(link).status_code == 200
    press(owner, ERASE, ERASE, typed="M-1")
    assert app.test_client().get(link).status_code == 404


def test_looking_changes_nothing(owner, database, busy):
    assert owner.get(ERASE).status_code == 200
    assert ask(database.admin_url, f"SELECT erased_at FROM members WHERE id = {busy}") is None
