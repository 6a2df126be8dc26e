"""Members as a file, written while it is sent."""

from collections.abc import Iterator

from flask import Response, g, stream_with_context
from sqlalchemy import Select

from domain.audience import exports
from domain.audience.exports import Columns, Row
from domain.tenant_scope import tenant_scope
from models.database import db
from web import sheets


def members(name: str, whom: Select[int] | None = None) -> Response:
    """All members of the café, or those whose ids `whom` finds, as `name`.csv. Commit first what is to be kept."""
    known = exports.columns(db.session())
    return sheets.download(name, known.header, stream_with_context(_rows(g.tenant.id, known, whom)))


def _rows(tenant_id: int, known: Columns, whom: Select[int] | None) -> Iterator[Row]:
    last = 0
    while True:
        with tenant_scope(tenant_id):
            batch = exports.batch(db.session(), known, whom=whom, after_id=last)
            db.session.rollback()  # a slow reader holds no transaction open
        if batch is None:
            return
        yield from batch.rows
        last = batch.last_id
