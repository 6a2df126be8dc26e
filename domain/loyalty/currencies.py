"""The kinds of points a café gives."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.sentences import say
from models.currency import Currency

CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
LONGEST_NAME = 60
_NAME_WORDS = say("Give a name of at most %(most)s characters.", most=LONGEST_NAME)


def rename(session: Session, currency: Currency, name: str) -> None:
    """Call a kind of points something else; its code and all points stay."""
    if not _is_name(name):
        raise Unacceptable.at("name", _NAME_WORDS)
    currency.name = name.strip()
    session.flush()


def create(session: Session, *, code: str, name: str, now: datetime) -> Currency:
    """A new kind of points. `Unacceptable` for a code that is no plain name, `Conflict` for one that is taken."""
    errors = []
    if not CODE.fullmatch(code):
        errors.append(FieldError("code", say("Use small letters, digits and _, beginning with a letter.")))
    if not _is_name(name):
        errors.append(FieldError("name", _NAME_WORDS))
    if errors:
        raise Unacceptable(say("This currency cannot be made."), errors)
    row = insert(Currency).values(code=code, name=name.strip(), created_at=now).on_conflict_do_nothing()
    currency = session.scalar(row.returning(Currency))
    if currency is None:
        raise Conflict(
            say("There is a currency of this code already."), [FieldError("code", say("This code is taken."))]
        )
    return currency


def get(session: Session, currency_id: int) -> Currency:
    """The currency of this id."""
    currency = session.scalar(select(Currency).where(Currency.id == currency_id))
    if currency is None:
        raise NotFound(say("There is no such currency."))
    return currency


def of_cafe(session: Session) -> list[Currency]:
    """The café's currencies, oldest first."""
    return list(session.scalars(select(Currency).order_by(Currency.id)))


def by_code(session: Session, code: str, *, path: str = "currency") -> Currency:
    """The currency of this code; an unknown one is refused at `path`."""
    currency = session.scalar(select(Currency).where(Currency.code == code))
    if currency is None:
        raise Unacceptable.at(path, say("There is no point currency of this code."))
    return currency


def _is_name(name: str) -> bool:
    return 0 < len(name.strip()) <= LONGEST_NAME and name.isprintable()
