"""The database handle: the only line below the doors that knows Flask."""

from flask_sqlalchemy import SQLAlchemy

from models import tables
from models.base import Base
from models.tenancy import bind_tenant_when_a_transaction_begins

__all__ = ["db", "tables"]

db = SQLAlchemy(metadata=Base.metadata)
bind_tenant_when_a_transaction_begins()
