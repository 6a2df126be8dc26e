"""The database handle: the only line below the doors that knows Flask."""

from typing import TYPE_CHECKING

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from models import tables
from models.base import Base
from models.tenancy import bind_tenant_when_a_transaction_begins

__all__ = ["db", "tables"]

if TYPE_CHECKING:

    class OwnSession(Session):
        """What `db.session` is to its callers: this context's session, which rules take as their first argument."""

        def __call__(self) -> Session: ...

        def remove(self) -> None:
            """Let go of this context's session."""


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, whose proxy for the session stands wherever a session is wanted."""

    session: "OwnSession"  # type: ignore[assignment]


db = Database(metadata=Base.metadata)
bind_tenant_when_a_transaction_begins()
