"""What the owner sees of counting: the café's way in the settings, and on a message who read it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import clock
from models.tenant import Tenant
from tests.web.conftest import form_token

SETTINGS = "/cafes/aurora/settings/"


def save(owner, shop, **changes):
    cafe = shop.scalars(select(Tenant)).one()
    fields = ("name", "postal_address", "timezone", "country", "locale", "colour", "counting")
    form = {name: getattr(cafe, name) or "" for name in fields} | {"csrf_token": form_token(owner, SETTINGS)} | changes
    shop.rollback()
    return owner.post(SETTINGS, data=form)


@pytest.mark.parametrize("way", ["if_agreed", "never"])
def test_the_owner_chooses_of_whom_is_counted(owner, shop, way):
    assert save(owner, shop, counting=way).status_code == 303
    assert shop.scalars(select(Tenant.counting)).all() == [way]


def test_a_way_that_does_not_exist_is_refused(owner, shop):
    assert save(owner, shop, counting="everybody").status_code == 422
    assert shop.scalars(select(Tenant.counting)).all() == ["unless_declined"]


def test_a_message_tells_who_opened_it_and_where_a_click_led(owner, shop, make_here):
    member, now = make_here.member(), clock.now()
    message = make_here.message(member, state="delivered", created_at=now - timedelta(days=1), settled_at=now)
    other = make_here.message(member, state="delivered", created_at=now - timedelta(days=1), settled_at=now)
    for about, kind, more in (
        (message, "message.opened", {"machine": True}),
        (message, "message.clicked", {"machine": False, "url": "https://cafe.example/menu"}),
        (other, "message.clicked", {"machine": False, "url": "https://cafe.example/other"}),
    ):
        make_here.event(kind, member, occurred_at=now, properties={"message": about.id} | more)
    shop.commit()
    page = owner.get(f"/cafes/aurora/messages/{message.id}").text

    assert "A mail program loaded a message by itself" in page
    assert "Clicked https://cafe.example/menu" in page
    assert "other" not in page.split("Its way")[1].split("</ol>")[0]
