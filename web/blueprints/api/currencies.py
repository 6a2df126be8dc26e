"""Currencies: the kinds of points a café gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy import select

from domain import clock
from domain.errors import NotFound
from domain.loyalty import currencies
from models.currency import Currency
from models.database import db
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import LARGEST_ID, Answer, Body, Name, PointCurrency

bp = Noun("currencies", "The kinds of points the café gives.")


class CurrencyPath(Body):
    """Which currency: its id or its code."""

    currency: Annotated[str, Field(max_length=40)]


class CurrencyBody(Body):
    """A new kind of points."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "stars", "name": "Stars"}]})

    code: PointCurrency
    name: Annotated[Name, Field(max_length=currencies.LONGEST_NAME)]


class CurrencyAnswer(Answer):
    """A kind of points."""

    id: int
    code: str
    name: str
    created_at: datetime


@bp.operation("GET", "/currencies", answers={200: pages.listing(CurrencyAnswer)})
def index(query: Page) -> Reply:
    """Currencies, oldest first"""
    return pages.by_id(select(Currency), Currency.id, query, _as_answers, newest_first=False)


@bp.operation("POST", "/currencies", scopes=["loyalty:write"], answers={201: CurrencyAnswer})
def create(body: CurrencyBody) -> Reply:
    """Add a currency"""
    made = currencies.create(db.session, code=body.code, name=body.name, now=clock.now())
    return Reply(201, _as_answers([made])[0])


@bp.operation("GET", "/currencies/<currency>", answers={200: CurrencyAnswer})
def show(path: CurrencyPath) -> Reply:
    """One currency, by its id or its code"""
    name = path.currency
    is_id = name.isascii() and name.isdigit() and int(name) <= LARGEST_ID
    found = db.session.scalar(select(Currency).where(Currency.id == int(name) if is_id else Currency.code == name))
    if found is None:
        raise NotFound("There is no such currency.")
    return Reply(200, _as_answers([found])[0])


def _as_answers(rows: Sequence[Currency]) -> list[dict[str, Any]]:
    return [
        {"id": row.id, "code": row.code, "name": row.name, "created_at": row.created_at.isoformat()} for row in rows
    ]
