"""How values become words: the filters an owner may use, and the way each type is written without one.

Every filter takes the locale as its keyword; the compiler adds it. Values are plain: str, int, Decimal, bool, date,
`Amount`, None (written as nothing).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import Undefined

from domain.content.placeholders import Amount
from domain.money import decimals, format_money

DATE_STYLES = ("short", "medium", "long", "full")


def words(value: Any, locale: str) -> str:
    """A value as a person of that locale writes it."""
    if type(value) is str:
        return value
    if isinstance(value, Undefined):
        return str(value)  # strict: says which one is missing
    if isinstance(value, Amount):
        return _money(value, locale)
    if isinstance(value, datetime):
        return _date(value.date(), "medium", locale)
    if isinstance(value, date):
        return _date(value, "medium", locale)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _number(value, locale)
    return "" if value is None else str(value)


def default(value: Any, fallback: Any, *, locale: str) -> Any:
    """The fallback for a value that is missing or empty; 0 is a value."""
    return fallback if isinstance(value, Undefined) or value is None or value == "" else value


def upper(value: Any, *, locale: str) -> str:
    """All capitals."""
    return words(value, locale).upper()


def lower(value: Any, *, locale: str) -> str:
    """No capitals."""
    return words(value, locale).lower()


def title(value: Any, *, locale: str) -> str:
    """Each word with a capital, as in a name; the rest of a word stays as typed ("McDonald")."""
    return " ".join(word[:1].upper() + word[1:] for word in words(value, locale).split(" "))


def money(value: Any, currency: str = "", *, locale: str) -> str:
    """An amount with its currency: an `Amount`, or a number of major units in the currency named."""
    if isinstance(value, Amount):
        return _money(value, locale)
    minor = _decimal(value).scaleb(decimals(currency))
    return _money(Amount(int(minor.to_integral_value()), currency), locale)


def number(value: Any, *, locale: str) -> str:
    """A number with the locale's separators."""
    return _number(_decimal(value), locale)


def plural(value: Any, *forms: str, locale: str) -> str:
    """The form of a noun that goes with a number: two forms (one, many), or all that the language has, in its order.

    `{{ n }} {{ n | plural("point", "points") }}`; Polish and Russian take three: one, few, many.
    """
    count = _decimal(value)
    if len(forms) == 2:
        return forms[0] if _plural_category(abs(count), locale) == "one" else forms[1]
    order = ("one", "few", "many", "other") if len(forms) <= 4 else ("zero", "one", "two", "few", "many", "other")
    category = _plural_category(abs(count), locale)
    return forms[min(order.index(category) if category in order else len(forms) - 1, len(forms) - 1)]


def written_date(value: Any, style: str = "medium", *, locale: str) -> str:
    """A date, `short`, `medium`, `long` or `full`."""
    day = value.date() if isinstance(value, datetime) else value
    if not isinstance(day, date):
        return words(value, locale)
    return _date(day, style, locale)


def url_part(value: Any, *, locale: str) -> str:
    """Percent-encoded, to stand as one part of an address."""
    return quote(words(value, locale), safe="")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": default,
    "upper": upper,
    "lower": lower,
    "title": title,
    "money": money,
    "number": number,
    "plural": plural,
    "date": written_date,
    "url": url_part,
}
"""What owners may write behind a bar, by name."""

ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "default": (1, 1),
    "upper": (0, 0),
    "lower": (0, 0),
    "title": (0, 0),
    "money": (0, 1),
    "number": (0, 0),
    "plural": (2, 6),
    "date": (0, 1),
    "url": (0, 0),
}
"""How many arguments each takes: at least, at most."""


def major(value: Any, *, locale: str) -> Decimal:
    """A money value as a number of major units, to compare it; not for owners."""
    if isinstance(value, Amount):
        return Decimal(value.minor).scaleb(-decimals(value.currency))
    return _decimal(value)


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"“{str(value)[:40]}” is not a number") from error


@lru_cache(maxsize=4096)
def _money(value: Amount, locale: str) -> str:
    return format_money(value.minor, value.currency, str(_locale(locale)))


def _number(value: int | Decimal, locale: str) -> str:
    if isinstance(value, int) and -1000 < value < 1000:
        return str(value)
    return _grouped(value, locale)


@lru_cache(maxsize=4096)
def _grouped(value: int | Decimal, locale: str) -> str:
    return format_decimal(value, locale=_locale(locale))


@lru_cache(maxsize=4096)
def _date(value: date, style: str, locale: str) -> str:
    return format_date(value, format=style, locale=_locale(locale))


@lru_cache(maxsize=4096)
def _plural_category(count: Decimal, locale: str) -> str:
    return _locale(locale).plural_form(count)


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    """The locale of that name; English for one that nobody knows, since a message is worth more than its commas."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
