"""What a café starts with, so that its first purchase earns points."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.accounts import audit
from domain.tenant_scope import tenant_scope
from models.currency import Currency
from models.earning_rule import EarningRule
from models.location import Location
from models.tenancy import bind
from models.tenant import Tenant

POINTS = "points"
MAIN = "main"


def open_cafe(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Give a new café the currency `points`, one per whole unit of its money, and the location `main`.

    Binds the café to the running transaction: it stands in the one that made the café.
    """
    with tenant_scope(tenant.id):
        bind(session.connection(), tenant.id)
        points = Currency(code=POINTS, name="points", created_at=now)
        session.add_all([points, Location(name=MAIN, address=tenant.postal_address, created_at=now)])
        session.flush()
        session.add(
            EarningRule(
                name=f"1 point per {tenant.currency}", currency_id=points.id, points_per_unit=Decimal(1), created_at=now
            )
        )
        audit.record(session, actor=audit.SYSTEM, action="cafe.opened", now=now)
        session.flush()
