"""A café whose till is a played Square, connected as an operator would."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tenant_scope import tenant_scope
from models.connector import InboundHook
from models.purchase import Purchase, Refund
from tests.databases import Database
from tests.factories import Make
from tests.web.hooks.till import Till, connected


@pytest.fixture
def shop(database: Database) -> Iterator[Session]:
    """A session of a café that counts a point per euro, on the application's database."""
    with database.session() as session:
        tenant_id = Make(session).tenant(slug="aurora", name="Café Aurora").id
        session.commit()
        with tenant_scope(tenant_id):
            make = Make(session)
            make.location(name="main")
            make.earning_rule()
            session.commit()
            yield session


@pytest.fixture
def make_here(shop: Session) -> Make:
    return Make(shop)


@pytest.fixture
def till(shop: Session, app: Flask) -> Iterator[Till]:
    with connected(shop, app) as till:
        yield till


@pytest.fixture
def rows(shop: Session) -> Callable[[type], list]:
    """Everything of one table as it stands in the database now."""

    def rows(table: type) -> list:
        shop.rollback()
        shop.expire_all()
        return list(shop.scalars(select(table).order_by(table.id)))

    return rows


@pytest.fixture
def purchases(rows) -> Callable[[], list[Purchase]]:
    return lambda: rows(Purchase)


@pytest.fixture
def refunds(rows) -> Callable[[], list[Refund]]:
    return lambda: rows(Refund)


@pytest.fixture
def kept(rows) -> Callable[[], list[InboundHook]]:
    return lambda: rows(InboundHook)
