"""Facts of the profile: who a member is and what is known about them."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Date, Integer, case, cast, func, literal, or_

from domain.audience import members
from domain.audience.facts import free
from domain.audience.facts.fact import Asked, AudienceFact, Membership, Said, Value
from domain.audience.facts.statement import Column, Condition, Statement
from domain.fact import Type
from models.member import Member

FAMILY = "profile"
ATTRIBUTE = re.compile(r"attributes\.([\w-]{1,60})")

_fact = partial(AudienceFact, family=FAMILY)


def _column(column: Any) -> Callable[[Statement, Asked], Said]:
    return lambda _statement, _asked: Value(column)


def _lower(column: Any) -> Callable[[Statement, Asked], Said]:
    return _column(func.lower(column.collate("default")))


def _language(_statement: Statement, _asked: Asked) -> Said:
    return Value(func.lower(func.split_part(func.replace(Member.locale, "_", "-"), "-", 1)))


def _age(statement: Statement, _asked: Asked) -> Said:
    lived = func.age(cast(statement.scope.today, Date), Member.birthday)
    return Value(cast(func.extract("year", lived), Integer))


def _birthday_in_days(statement: Statement, _asked: Asked) -> Said:
    """Days to the next anniversary, 0 on the day; 29 February is kept on the 28th of a shorter year."""
    today = cast(statement.scope.today, Date)
    this_year = _anniversary(statement.scope.today.year)
    next_year = _anniversary(statement.scope.today.year + 1)
    return Value(case((this_year >= today, this_year), else_=next_year) - today)


def _anniversary(year: int) -> Column:
    years = cast(literal(year) - func.extract("year", Member.birthday), Integer)
    return cast(Member.birthday + func.make_interval(years), Date)


def _joined_days_ago(statement: Statement, _asked: Asked) -> Said:
    return Value(cast(statement.scope.today, Date) - Member.joined_on)


def _completeness(_statement: Statement, _asked: Asked) -> Said:
    known = sum((case((_is_missing(field), 0), else_=1) for field in members.PROFILE), start=literal(0))
    return Value(100 * known / len(members.PROFILE))


def _missing(_statement: Statement, _asked: Asked) -> Said:
    def has(fields: Sequence[str] | None) -> Condition:
        wanted = members.PROFILE if fields is None else [field.lower() for field in fields]
        return or_(*(_is_missing(field) for field in wanted))

    return Membership(has)


def _is_missing(field: str) -> Condition:
    column = getattr(Member, field)
    return column.is_(None) if field == "birthday" else func.coalesce(column, "") == ""


def attribute(name: str) -> AudienceFact | None:
    """The fact of a field that the café made up itself: `attributes.favourite_roast`."""
    match = ATTRIBUTE.fullmatch(name)
    if match is None:
        return None
    column = free.element(Member.attributes, match[1])
    return _fact(name, Type.FREE, f"Own field: {match[1]}", "espresso", say=_column(column))


FACTS: tuple[AudienceFact, ...] = (
    _fact("member.first_name", Type.TEXT, "First name", "Leonie", say=_column(Member.first_name_key)),
    _fact("member.last_name", Type.TEXT, "Last name", "Huber", say=_column(Member.last_name_key)),
    _fact("member.email", Type.TEXT, "E-mail address", "leonie@example.com", say=_column(Member.email_key)),
    _fact("member.phone", Type.TEXT, "Phone number", "+436601234567", say=_lower(Member.phone)),
    _fact("member.card", Type.TEXT, "Card number", "40012345", say=_lower(Member.card)),
    _fact("member.external_id", Type.TEXT, "Member number", "member-88", say=_lower(Member.external_id)),
    _fact("member.birthday", Type.BIRTHDAY, "Birthday", "1991-05-17", say=_column(Member.birthday)),
    _fact("member.birthday_in_days", Type.NUMBER, "Days until the birthday", 7, say=_birthday_in_days),
    _fact("member.birthday_month", Type.NUMBER, "Month of the birthday", 5,
         say=_column(func.extract("month", Member.birthday))),
    _fact("member.age", Type.NUMBER, "Age in years", 30, say=_age),
    _fact("member.joined_on", Type.DATE, "Member since", "2025-03-02", say=_column(Member.joined_on)),
    _fact("member.joined_days_ago", Type.NUMBER, "Days since joining", 30, is_always_set=True, say=_joined_days_ago),
    _fact("member.language", Type.TEXT, "Language", "de", say=_language),
    _fact("member.locale", Type.TEXT, "Language and region", "de-AT", say=_column(func.lower(Member.locale))),
    _fact("member.timezone", Type.TEXT, "Time zone", "Europe/Vienna", say=_column(func.lower(Member.timezone))),
    _fact("member.country", Type.TEXT, "Country", "AT", say=_column(func.lower(Member.country))),
    _fact("member.completeness", Type.NUMBER, "Percent of the profile that is known", 80, is_always_set=True,
         say=_completeness),
    _fact("member.missing", Type.SET, "What is missing in the profile", "birthday", members.PROFILE, say=_missing),
)  # fmt: skip
