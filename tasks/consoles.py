"""Consoles at work: on their schedule, at the press of a button, from the operator's shell. One run is one commit."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import clock
from domain.audience import consoles, freshness
from domain.audience.consoles import Figures
from domain.tenant_scope import bound_tenant_id, tenant_scope
from models.console import ConsoleRun
from models.database import db
from models.purchase import Purchase
from models.tenant import Tenant
from tasks import queues

BROKE_OFF = "The run broke off and changed nothing."

log = structlog.get_logger()

Work = Callable[[Session, Tenant, datetime], Figures]


def update_tags(session: Session, tenant: Tenant, now: datetime) -> Figures:
    """Work out all tags and segments of a café anew: `{bills_read, tags_added, tags_removed}`."""
    bills = session.scalar(select(func.count()).select_from(Purchase)) or 0
    tally = freshness.recompute(session, tenant, now=now)
    return {"bills_read": bills, "tags_added": tally.added, "tags_removed": tally.removed}


WORK: dict[str, Work] = {consoles.TAGS: update_tags}


def run_due(tenant_id: int, name: str) -> None:
    """Run a café's console if a slot of it is due."""
    queues.taken("consoles.run_due", tenant_id, name)
    with tenant_scope(tenant_id):
        run_slot(name)


def run_slot(name: str) -> bool:
    """The same for the café we act for; whether there was something to run. A run that breaks off is written down."""
    session, now, tenant = db.session(), clock.now(), db.session.get_one(Tenant, bound_tenant_id())
    try:
        ran = consoles.run_due(session, tenant, name, lambda: WORK[name](session, tenant, now), now=now)
        session.commit()
    except Exception:
        session.rollback()
        log.exception("console.broke_off", tenant=bound_tenant_id(), console=name)
        consoles.note_failure(session, name, BROKE_OFF, trigger=consoles.SCHEDULE, now=now)
        session.commit()
        return False
    return ran is not None


def run_now(name: str, *, trigger: str) -> ConsoleRun:
    """Run a console of the café we act for because somebody asked, and say what it did. Commits."""
    session, now, tenant = db.session(), clock.now(), db.session.get_one(Tenant, bound_tenant_id())
    consoles.ensure(session, tenant, now=now)
    run = consoles.run(session, name, lambda: WORK[name](session, tenant, now), trigger=trigger, now=now)
    session.commit()
    return run
