"""What stands in one cell, in the spelling that we store. Each reader raises `Unacceptable` with what to do then."""

import re
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from email_validator import EmailNotValidError, validate_email

from domain.audience import addresses
from domain.audience import tags as tags_of_cafe
from domain.audience.addresses import Phone
from domain.errors import Unacceptable
from domain.sentences import say
from domain.tables import dates

LONGEST_NUMBER, LONGEST_NAME, LONGEST_CARD, LONGEST_EMAIL, LONGEST_PHONE = 255, 200, 120, 254, 40
LONGEST_TAG, MOST_TAGS = tags_of_cafe.LONGEST_NAME, 50
LONGEST_VALUE = 4096  # of an attribute
LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Z]{2}|\d{3}))?", re.ASCII)
YES = {"yes", "true", "1", "ja", "wahr"}
NO = {"no", "false", "0", "nein", "falsch"}
SPOKEN = ("en", "de")  # languages in which names of countries and languages are understood

_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)


def line(text: str, longest: int = LONGEST_NAME) -> str:
    """One line of text."""
    if len(text) > longest:
        raise Unacceptable(say("This is longer than %(most)s characters.", most=longest))
    if not text.isprintable():
        raise Unacceptable(say("Write this on one line, without control characters."))
    return text


def number(text: str) -> str:
    """A member's number, as another system gave it."""
    return line(text, LONGEST_NUMBER)


def card(text: str) -> str:
    """What stands on a card."""
    return line(text, LONGEST_CARD)


def email(text: str) -> str:
    """An address we can write to, its domain in lower-case ASCII."""
    local, _, domain = text.rpartition("@")
    if len(text) <= LONGEST_EMAIL and len(local) <= 64 and _PLAIN_LOCAL_PART.fullmatch(local):
        known = _domain(domain)
        if known and len(local) + 1 + len(known) <= LONGEST_EMAIL:
            return f"{local}@{known}"
    return addresses.email(text)


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str | None:
    """The domain in our spelling: a file names few of them, many times. None when it is none."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError:
        return None


def phone(text: str, country: str) -> Phone:
    """A phone number; without a country code it is read as one of `country`."""
    return addresses.phone(line(text, LONGEST_PHONE), country=country)


def past_day(text: str, order: str | None, today: date) -> date:
    """A day that is not still to come."""
    day = dates.day(text, order)
    if day > today:
        raise Unacceptable(say("This day is still to come."))
    return day


@lru_cache(maxsize=1024)
def locale(text: str) -> str:
    """A language, like `de` or `de-AT`, or its name."""
    if LOCALE.fullmatch(text):
        return text
    found = _languages().get(text.casefold())
    if found is None:
        raise Unacceptable(say("This language is not known. Write it like de or de-AT."))
    return found


@lru_cache(maxsize=1024)
def timezone(text: str) -> str:
    """A time zone of the tz database."""
    if text not in available_timezones():
        raise Unacceptable(say("There is no such time zone. Write it like Europe/Vienna."))
    return text


@lru_cache(maxsize=1024)
def country(text: str) -> str:
    """A country's code (ISO 3166), also given by its name."""
    known = _countries()
    if len(text) == 2 and text.upper() in known.values():
        return text.upper()
    found = known.get(text.casefold())
    if found is None:
        raise Unacceptable(say("This country is not known. Write it like AT."))
    return found


def tags(text: str) -> list[str]:
    """Names of tags between commas, semicolons or bars; each once, whatever its case."""
    found: dict[str, str] = {}
    for each in re.split(r"[,;|]", text):
        if name := " ".join(each.split()):
            found.setdefault(line(name, LONGEST_TAG).lower(), name)
    if len(found) > MOST_TAGS:
        raise Unacceptable(say("These are more than %(most)s tags.", most=MOST_TAGS))
    return list(found.values())


def attribute(text: str) -> str:
    """What a field of the café's own says."""
    if len(text) > LONGEST_VALUE:
        raise Unacceptable(say("This is longer than %(most)s characters.", most=LONGEST_VALUE))
    return text


def yes_or_no(text: str) -> bool | None:
    """A yes or a no; None for what could be either."""
    answer = text.casefold()
    if answer in YES:
        return True
    return False if answer in NO else None


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    named = [(name, code) for spoken in SPOKEN for code, name in Locale(spoken).territories.items()]
    return {name.casefold(): code for name, code in named if len(code) == 2 and code.isalpha()}


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    named = [(name, code) for spoken in SPOKEN for code, name in Locale(spoken).languages.items()]
    return {name.casefold(): code for name, code in named if len(code) == 2}
