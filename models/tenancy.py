"""Which café the running code acts for, told to PostgreSQL at the start of every transaction."""

from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction

current_tenant_id: ContextVar[int | None] = ContextVar("current_tenant_id", default=None)

_BIND = text("SELECT set_config('app.tenant_id', :tenant, true)")


def bind(connection: Connection, tenant_id: int | None) -> None:
    """Bind the café to the transaction of `connection`; nobody bound reads as '' and every tenant table refuses."""
    connection.execute(_BIND, {"tenant": "" if tenant_id is None else str(tenant_id)})


def bind_tenant_when_a_transaction_begins() -> None:
    """Install the binding on every session, so that no café survives from an earlier transaction."""
    if not event.contains(Session, "after_begin", _after_begin):
        event.listen(Session, "after_begin", _after_begin)


def _after_begin(session: Session, _transaction: SessionTransaction, connection: Connection, *_: Any) -> None:
    tenant_id = current_tenant_id.get()
    # The setting ends with its transaction. Only inside of another one can an earlier café still stand.
    is_inside = isinstance(session.bind, Connection) or connection.in_nested_transaction()
    if tenant_id is not None or is_inside:
        bind(connection, tenant_id)
