import pytest

from connectors import accounts, outlets
from domain.accounts import vault
from domain.errors import Unacceptable
from models.tenancy import current_tenant_id


@pytest.fixture
def connector(session, now):
    vault.unlock(["a key of the tests"])
    values = {"access_token": "t", "signature_key": "k"}
    return accounts.add(session, tenant_id=current_tenant_id.get(), system="square", values=values, now=now)[0]


@pytest.fixture
def shops(connector):
    return lambda: [(shop.id, shop.name, shop.location_id) for shop in outlets.of(connector)]


def test_a_shop_nobody_assigned_counts_for_the_first_location(session, make, connector):
    first = make.location(name="Lindengasse")
    make.location(name="Museum Quarter")
    outlets.note(session, connector.id, {"L1": ""})

    assert outlets.location_of(session, connector.id, "L1") == first
    assert outlets.location_of(session, connector.id, None) == first
    assert [shop.location_id for shop in outlets.of(connector)] == [None]


def test_a_cafe_without_locations_counts_sales_without_one(session, connector):
    assert outlets.location_of(session, connector.id, "L1") is None


def test_an_assigned_shop_is_its_location(session, make, connector):
    make.location(name="Lindengasse")
    museum = make.location(name="Museum Quarter")
    outlets.note(session, connector.id, {"L1": "Shop one"})
    outlets.assign(session, connector.id, {"L1": museum.id})

    assert outlets.location_of(session, connector.id, "L1") == museum


def test_a_shop_called_like_a_location_is_taken_for_it(session, make, connector, shops):
    make.location(name="Lindengasse")
    museum = make.location(name="Museum Quarter")
    outlets.note(session, connector.id, {"L2": "museum quarter"})

    assert shops() == [("L2", "museum quarter", museum.id)]


def test_what_the_owner_chose_stays_whatever_the_shop_is_called_later(session, make, connector, shops):
    home = make.location(name="Lindengasse")
    make.location(name="Museum Quarter")
    outlets.note(session, connector.id, {"L1": ""})
    outlets.assign(session, connector.id, {"L1": home.id})
    outlets.note(session, connector.id, {"L1": "Museum Quarter"})

    assert shops() == [("L1", "Museum Quarter", home.id)]


def test_a_sale_that_tells_no_name_takes_none_away(session, make, connector, shops):
    outlets.note(session, connector.id, {"L1": "Shop one"})
    outlets.note(session, connector.id, {"L1": "", "L2": ""})

    assert shops() == [("L2", "", None), ("L1", "Shop one", None)]


def test_shops_and_locations_nobody_knows_are_refused_and_nothing_is_changed(session, make, connector, shops):
    home = make.location(name="Lindengasse")
    outlets.note(session, connector.id, {"L1": "Shop one"})
    for wanted in ({"L9": home.id}, {"L1": home.id + 999}, {"L1": home.id, "L9": None}):
        with pytest.raises(Unacceptable):
            outlets.assign(session, connector.id, wanted)

    assert shops() == [("L1", "Shop one", None)]
