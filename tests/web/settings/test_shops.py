import pytest

from connectors import accounts, outlets
from domain import clock
from domain.loyalty import locations
from domain.tenant_scope import tenant_scope
from models.database import db
from tests.web.conftest import ask, form_token

PAGE = "/cafes/aurora/settings/connectors/1"


@pytest.fixture
def till(app, cafe):
    """A connected till with two shops, one of them not assigned; the café has two locations."""
    values = {"access_token": "t", "signature_key": "k"}
    with app.app_context(), tenant_scope(cafe.id):
        locations.create(db.session(), name="Museum Quarter", now=clock.now())
        account, _token = accounts.add(db.session(), tenant_id=cafe.id, system="square", values=values, now=clock.now())
        outlets.note(db.session(), account.id, {"L1": "Museum Quarter", "L2": "Kiosk"})
        db.session.commit()


def test_the_list_says_which_shops_are_no_location_yet(owner, till):
    page = owner.get("/cafes/aurora/settings/connectors").get_data(as_text=True)

    assert "no location of yours yet: Kiosk." in page


def test_the_owner_says_which_shop_is_which_location(owner, till, database):
    form = {"csrf_token": form_token(owner, PAGE), "shop-L1": "", "shop-L2": "2"}
    answer = owner.post(f"{PAGE}/shops", data=form, follow_redirects=True)

    assert "Saved. It counts from the next sale on." in answer.get_data(as_text=True)
    assert ask(database.owner_url, "SELECT settings->'locations' FROM connectors") == {"L1": None, "L2": 2}


@pytest.mark.parametrize("location", ["99", "-1", "first", "9" * 30, "٣"])
def test_a_location_that_is_not_there_is_refused(owner, till, database, location):
    form = {"csrf_token": form_token(owner, PAGE), "shop-L1": "", "shop-L2": location}
    answer = owner.post(f"{PAGE}/shops", data=form)

    assert answer.status_code == 422
    assert "One of these locations is gone. Choose again." in answer.get_data(as_text=True)
    assert ask(database.owner_url, "SELECT settings->'locations' FROM connectors") == {"L1": 2}
