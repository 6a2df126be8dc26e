"""Money, numbers and times as people in the café's country write them."""

from datetime import UTC, date, datetime

import pytest
from flask import g

from domain import clock
from models.tenant import Tenant
from web import filters

NOW = datetime(2026, 7, 4, 10, 0, tzinfo=UTC)


@pytest.fixture
def in_vienna(app):
    with app.test_request_context(headers={"Accept-Language": "de"}), clock.set_to(NOW):
        g.tenant = Tenant(timezone="Europe/Vienna", currency="EUR", locale="de-AT")
        yield


@pytest.mark.usefixtures("in_vienna")
def test_a_cafe_in_vienna_reads_its_own_way():
    assert filters.money(125000).replace("\xa0", " ") == "€ 1.250,00"
    assert filters.short_day(NOW) == "4. Juli"
    assert filters.number(1284).replace("\xa0", ".") == "1.284"
    assert filters.when(NOW) == "12:00"
    assert filters.day(date(2026, 11, 22)) == "22. November 2026"
    assert filters.when(datetime(2025, 12, 31, 23, 30, tzinfo=UTC)) == "1. Jän. 00:30"


@pytest.mark.usefixtures("in_vienna")
def test_what_never_happened_is_a_dash():
    assert filters.when(None) == filters.day(None) == "–"


def test_another_language_keeps_the_cafes_zone(app):
    with app.test_request_context(headers={"Accept-Language": "en"}), clock.set_to(NOW):
        g.tenant = Tenant(timezone="Europe/Vienna", currency="EUR", locale="de-AT")

        assert filters.money(1250) == "€12.50"
        assert filters.time_of_day(NOW) == "12:00"
        assert filters.day(NOW) == "4 July 2026"
