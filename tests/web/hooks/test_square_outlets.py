"""Where a sale at Square counts: its locations and those of the café."""

import pytest
from sqlalchemy import select

from connectors import outlets
from models.connector import ConnectorAccount
from models.location import Location


@pytest.fixture
def shops(rows):
    """The till's shops as the café sees them now: name and location by id."""
    return lambda: {shop.id: (shop.name, shop.location_id) for shop in outlets.of(rows(ConnectorAccount)[0])}


def test_sales_count_at_the_location_that_their_shop_is(till, shop, make_here, purchases, shops):
    museum = make_here.location(name="Museum Quarter")
    shop.commit()
    till.square.locations += ["L-MUSEUM"]
    till.square.names["L-MUSEUM"] = "Museum Quarter"
    till.poll()
    till.square.ring_up(location="L-MUSEUM")
    till.square.ring_up()
    till.tell()
    till.work()

    main = shop.scalars(select(Location).where(Location.name == "main")).one()
    assert [purchase.location_id for purchase in purchases()] == [museum.id, main.id]
    assert shops()["L-MUSEUM"] == ("Museum Quarter", museum.id)


def test_a_shop_seen_first_in_a_sale_is_shown_without_a_location_and_named_by_the_next_poll(till, shops, purchases):
    till.square.ring_up()
    till.tell()
    till.work()

    [place] = till.square.locations
    assert shops() == {place: ("", None)}
    assert len(purchases()) == 1
    till.square.names[place] = "Kiosk"
    till.poll()
    assert shops() == {place: ("Kiosk", None)}
