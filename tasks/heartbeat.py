"""Leases are kept while a gateway takes its time: a thread of its own renews them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.delivery import leases
from domain.tenant_scope import tenant_scope
from models.database import db

log = structlog.get_logger()


@contextmanager
def kept_alive(tenant_id: int, owner: str) -> Iterator[None]:
    """What `owner` claimed or started stays its own as long as this lasts."""
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(db.engine, tenant_id, owner, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(engine: Engine, tenant_id: int, owner: str, ended: threading.Event) -> None:
    while not ended.wait(leases.RENEW_EVERY.total_seconds()):
        try:
            with tenant_scope(tenant_id), Session(engine) as session:
                leases.renew(session, owner)
                session.commit()
        except SQLAlchemyError:  # the next round tries again; a lease that runs out does no harm
            log.warning("lease.not_renewed", tenant=tenant_id, owner=owner)
