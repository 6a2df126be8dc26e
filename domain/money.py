"""Money as whole minor units: reading it, writing it, showing it. No binary floats anywhere."""

from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision, list_currencies

from domain.errors import Unacceptable
from domain.sentences import say

LARGEST_MINOR = 10**15
FINER = 2  # decimals that a price has beyond its currency's: hundredths of a minor unit
LARGEST_PRICE = 10**9


def is_currency(code: str) -> bool:
    """Whether `code` is a currency of ISO 4217."""
    return code in list_currencies()


def decimals(currency: str) -> int:
    """How many digits the currency has after the point: 2 for EUR, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def to_minor(amount: str, currency: str) -> int:
    """`"12.50"` in EUR is 1250. Raises `Unacceptable` for what is no amount or has more decimals than the currency."""
    places = decimals(currency)
    value = _exact(amount)
    minor = value.scaleb(places)
    if minor != minor.to_integral_value():
        raise Unacceptable(
            say(
                "%(currency)s has %(decimals)s decimals, %(amount)s has more.",
                currency=currency,
                decimals=places,
                amount=amount,
            )
        )
    if abs(minor) > LARGEST_MINOR:
        raise Unacceptable(say("%(amount)s %(currency)s is more than can be booked.", amount=amount, currency=currency))
    return int(minor)


def to_major(minor: int, currency: str) -> str:
    """1250 in EUR is `"12.50"`, with exactly the currency's number of decimals."""
    places = decimals(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"


def price_to_hundredths(price: str, currency: str) -> int:
    """`"0.065"` in EUR is 650 hundredths of a cent: the price of a text.

    Raises `Unacceptable` for what is no amount, is below zero, or is finer than that.
    """
    places = decimals(currency) + FINER
    hundredths = _exact(price).scaleb(places)
    if hundredths != hundredths.to_integral_value() or not 0 <= hundredths <= LARGEST_PRICE:
        raise Unacceptable(
            say("Give a price from 0 on, with at most %(decimals)s digits after the point.", decimals=places)
        )
    return int(hundredths)


def price_to_major(hundredths: int, currency: str) -> str:
    """650 hundredths of a cent in EUR is `"0.065"`, with no fewer decimals than the currency has."""
    exact = Decimal(hundredths).scaleb(-decimals(currency) - FINER).normalize()
    places = max(decimals(currency), -int(exact.as_tuple().exponent))
    return f"{exact:.{places}f}"


def from_hundredths(hundredths: int) -> int:
    """Hundredths of a minor unit as whole minor units, the half rounded up."""
    return (hundredths + 50) // 100


def format_money(minor: int, currency: str, locale: str) -> str:
    """The amount as people of `locale` write it: `€12.50`, `12,50 €`."""
    return format_currency(Decimal(to_major(minor, currency)), currency, locale=locale.replace("-", "_"))


def _exact(amount: str) -> Decimal:
    plain = isinstance(amount, str) and len(amount) <= 32 and amount.removeprefix("-").replace(".", "", 1).isdecimal()
    if not plain or not amount.isascii() or amount.endswith(".") or amount.removeprefix("-").startswith("."):
        raise Unacceptable(say("%(amount)s is not an amount. Write it like 12.50.", amount=f"{amount!r}"))
    try:
        return Decimal(amount)
    except InvalidOperation:
        raise Unacceptable(say("%(amount)s is not an amount. Write it like 12.50.", amount=f"{amount!r}")) from None
