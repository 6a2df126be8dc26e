"""What a till found out, told to the rules: a sale is rung up, a refund takes back, each once."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.canon import CanonicalRefund, CanonicalSale, Notice
from models.purchase import Purchase, Refund


def unknown(session: Session, source: str, notices: Iterable[Notice]) -> list[Notice]:
    """Those of the notices whose sale or refund is not recorded yet."""
    notices = list(notices)
    subjects = [notice.subject for notice in notices]
    recorded = set(_recorded(session, Purchase, source, subjects)) | set(_recorded(session, Refund, source, subjects))
    return [notice for notice in notices if notice.subject not in recorded]


def _recorded(session: Session, table: type[Purchase] | type[Refund], source: str, ids: list[str]) -> Iterable[str]:
    return session.scalars(select(table.external_id).where(table.source == source, table.external_id.in_(ids)))
