"""The search on every page: what people type leads to the right screen first."""

import re

import pytest

from models.database import db
from tests.factories import Make
from tests.web.conftest import sign_in

HOME = "/cafes/aurora"
FIRST = re.compile(r'<section class="card" aria-labelledby="pages">.*?<a href="([^"]+)"', re.DOTALL)


@pytest.fixture
def first(owner):
    """The address of the first page that is found."""

    def found(typed):
        match = FIRST.search(owner.get(f"{HOME}/search/", query_string={"q": typed}).get_data(as_text=True))
        return match[1].removeprefix(HOME) if match else None

    return found


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Bonus-Program", "/settings/points"),
        ("Notifications", "/messages/"),
        ("Loyalty-Update-Console", "/settings/loyalty-management/#console"),
        ("email-settings", "/settings/gateways"),
        ("tag-based-segmentation", "/tags/"),
        ("LoyaltyManagement", "/settings/loyalty-management/"),
        ("LoyaltyUpdateConsole", "/settings/loyalty-management/#console"),
        ("Bonusprogramm", "/settings/points"),
        ("Benachrichtigungen", "/messages/"),
        ("E-Mail-Einstellungen", "/settings/gateways"),
        ("Segmentierung nach Schlagwörtern", "/tags/"),
        ("Treueverwaltung", "/settings/loyalty-management/"),
        ("treue-aktualisierungskonsole", "/settings/loyalty-management/#console"),
        ("  email  SETTINGS ", "/settings/gateways"),
        ("loyalty manag", "/settings/loyalty-management/"),
        ("gaste", "/members/"),
        ("cron", "/settings/loyalty-management/#console"),
    ],
)
def test_what_one_types_leads_to_the_right_screen_first(first, typed, address):
    assert first(typed) == address


@pytest.mark.parametrize("typed", ["", "  ", "xyzzy", "%", "_", "a" * 5000, "' OR 1=1 --"])
def test_whatever_is_typed_is_answered(owner, typed):
    assert owner.get(f"{HOME}/search/", query_string={"q": typed}).status_code == 200


def test_guests_tags_and_rewards_are_found_by_name(database, owner, cafe):
    with database.session(cafe.id) as session:
        make = Make(session)
        make.member(first_name="Leonie", last_name="Huber", external_id="m-7")
        make.reward(name="Free Leonine roar")
        session.commit()
    page = owner.get(f"{HOME}/search/?q=leoni").get_data(as_text=True)
    assert f'href="{HOME}/members/m-7"' in page
    assert "Free Leonine roar" in page
    assert "interestedInBonusSystem" in owner.get(f"{HOME}/search/?q=interested").get_data(as_text=True)


def test_the_search_stands_on_every_page(owner):
    for path in ("/", "/members/", "/rewards/", "/settings/"):
        assert f'action="{HOME}/search/"' in owner.get(HOME + path).get_data(as_text=True)


def test_nobody_finds_what_they_may_not_open(app, client, cafe):
    from domain.accounts import users
    from models.user import Membership

    with app.app_context():
        user = users.create(db.session, email="staff@aurora.example", password="a long pass phrase", locale="en")
        db.session.add(Membership(tenant_id=cafe.id, user_id=user.id, role="staff"))
        db.session.commit()
    sign_in(client, "staff@aurora.example", "a long pass phrase")
    page = client.get(f"{HOME}/search/?q=loyalty").get_data(as_text=True)
    assert "loyalty-management" not in page


def test_loyalty_management_is_two_clicks_away_and_says_where_one_is(owner):
    home = owner.get(f"{HOME}/").get_data(as_text=True)
    assert "System configuration" in home
    assert f'href="{HOME}/settings/loyalty-management/"' in home
    settings = owner.get(f"{HOME}/settings/").get_data(as_text=True)
    assert f'href="{HOME}/settings/loyalty-management/"' in settings.partition('class="rg-tabs"')[2]
