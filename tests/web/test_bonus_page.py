"""The bonus page of a guest, and what shows that the programme interests them."""

import pytest
from sqlalchemy import select

from domain.audience import tag_holders
from domain.content.links import LinkClaim, LinkSigner, Purpose
from models.event import Event
from tests.factories import Make
from tests.web.conftest import form_token


@pytest.fixture
def leonie(database, cafe):
    """A guest of Café Aurora."""
    with database.session(cafe.id) as session:
        member = Make(session).member(first_name="Leonie")
        Make(session).reward(name="Free cappuccino", threshold=50)
        session.commit()
        return member.id


@pytest.fixture
def page(settings, cafe, leonie):
    """The address of her page."""
    return f"/p/{LinkSigner(settings.secret_key).sign(LinkClaim(Purpose.PREFERENCES, cafe.id, leonie, link_number=1))}"


@pytest.fixture
def tagged(database, cafe, leonie):
    """Her tag of interest: the act it says, or nothing."""

    def act():
        with database.session(cafe.id) as session:
            held = tag_holders.of_member(session, leonie)
            return next((each.because["act"] for each in held if each.tag.name == "interestedInBonusSystem"), None)

    return act


def acts(database, cafe):
    with database.session(cafe.id) as session:
        return list(session.scalars(select(Event.type).where(Event.type.like("bonus.%")).order_by(Event.id)))


def test_loading_the_page_says_nothing_because_mail_scanners_load_too(client, database, cafe, page, tagged):
    shown = client.get(f"{page}/bonus").get_data(as_text=True)
    assert "Free cappuccino" in shown and "50 points to go" in shown
    client.get(page)
    assert (acts(database, cafe), tagged()) == ([], None)


def test_opening_it_by_its_button_shows_interest_once_a_day(client, database, cafe, page, tagged):
    for _ in range(2):
        token = form_token(client, page)
        answer = client.post(f"{page}/bonus", data={"csrf_token": token})
        assert (answer.status_code, answer.location) == (303, f"{page}/bonus")
    assert acts(database, cafe) == ["bonus.page_opened"]
    assert tagged() == "bonus.page_opened"


def test_ticking_the_box_shows_interest_and_clearing_it_takes_it_back(client, database, cafe, page, tagged):
    token = form_token(client, page)
    client.post(page, data={"csrf_token": token, "asked": "interest", "interest": "on"})
    assert tagged() == "bonus.interest_declared"
    client.post(page, data={"csrf_token": token, "asked": "interest", "interest": "on"})
    client.post(page, data={"csrf_token": token, "asked": "interest"})
    assert tagged() is None
    assert acts(database, cafe) == ["bonus.interest_declared", "bonus.interest_withdrawn"]


def test_an_answer_that_was_not_asked_for_takes_nothing_back(client, database, cafe, page, tagged):
    token = form_token(client, page)
    client.post(page, data={"csrf_token": token, "asked": "interest", "interest": "on"})
    client.post(page, data={"csrf_token": token, "asked": "email.rewards"})
    assert tagged() == "bonus.interest_declared"


def test_a_strangers_link_opens_nothing(client, page):
    assert client.get("/p/nonsense/bonus").status_code == 404
    assert client.get(f"{page[:-2]}xx/bonus").status_code == 404
