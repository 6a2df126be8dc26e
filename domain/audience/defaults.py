"""What a café starts with: what loyalty gives it, and the segments and tags that every café has."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.audience import freshness, tagging
from domain.loyalty import defaults
from domain.tenant_scope import tenant_scope
from models.tenant import Tenant


def open_cafe(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Give a new café its points, location, segments and tags, and plan its tagging.

    Binds the café to the running transaction: it stands in the one that made the café.
    """
    defaults.open_cafe(session, tenant, now=now)
    with tenant_scope(tenant.id):
        tagging.ensure_built_in(session, now=now)
        freshness.turn_day(session, tenant, now=now)
        freshness.follow_calendar(session, tenant, now=now)
