"""Money as whole minor units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import money
from domain.errors import Unacceptable


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("0", "EUR", 0),
        ("-3.10", "EUR", -310),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
    ],
)
def test_an_amount_counts_in_the_currencys_smallest_unit(amount, currency, minor):
    assert money.to_minor(amount, currency) == minor


@pytest.mark.parametrize(
    "amount", ["12.505", "1,50", "", ".", "5.", ".5", "1e3", "NaN", "Infinity", "--1", "+1", " 1", "٣", "1" * 40, 12.5]
)
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(Unacceptable):
        money.to_minor(amount, "EUR")


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "JPY"), ("1.2345", "KWD"), ("9" * 20, "EUR")])
def test_more_decimals_or_digits_than_can_be_booked_are_refused(amount, currency):
    with pytest.raises(Unacceptable):
        money.to_minor(amount, currency)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD", "USD"]))
def test_writing_and_reading_an_amount_gives_it_back(minor, currency):
    assert money.to_minor(money.to_major(minor, currency), currency) == minor


def test_amounts_carry_the_currencys_own_decimals():
    assert money.to_major(1250, "EUR") == "12.50"
    assert money.to_major(500, "JPY") == "500"


@pytest.mark.parametrize("locale", ["de-AT", "de_AT"])
def test_people_see_money_as_they_write_it(locale):
    assert money.format_money(1250, "EUR", locale).replace("\xa0", " ") == "€ 12,50"


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_writing_and_reading_a_price_gives_it_back(hundredths, currency):
    assert money.price_to_hundredths(money.price_to_major(hundredths, currency), currency) == hundredths


def test_a_price_has_at_least_the_currencys_decimals():
    assert [money.price_to_major(each, "EUR") for each in (650, 10_000, 1)] == ["0.065", "1.00", "0.0001"]
