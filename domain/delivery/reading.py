"""A guest opens a message or follows a link in it: kept as a report, like those of providers, and applied the same way.

Within a minute the same is told once, so that reloading, however often, does not fill the tables.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import counting
from domain.delivery import fetching, receipts
from domain.delivery.fetching import Fetch
from domain.delivery.ports import DeliveryReport, ReportKind
from domain.errors import NotFound
from domain.sentences import say
from models.link import Link
from models.tenant import Tenant

_MESSAGE = text("""
    SELECT m.gateway_id, m.sent_at, w.may_count
      FROM messages m JOIN members w ON w.id = m.member_id
     WHERE m.id = :id AND m.address IS NOT NULL AND m.gateway_id IS NOT NULL AND w.erased_at IS NULL""")


@dataclass(frozen=True, slots=True)
class Read:
    """What was done with a message: opened (no `link`), or the link of that number followed, which led to `address`."""

    message_id: int
    link: int = 0
    address: str = ""


def address_of(session: Session, tenant: Tenant, link: int) -> str:
    """Where a counted link of the café leads. Raises `NotFound`."""
    found = session.get(Link, (tenant.id, link))
    if found is None:
        raise NotFound(say("This link does not work. Please use the one in your newest message."))
    return found.address


def record(session: Session, tenant: Tenant, read: Read, fetch: Fetch, *, now: datetime) -> bool:
    """Keep it, unless the guest or the café does not want it counted, or the guest was forgotten. Whether it is new."""
    message = session.execute(_MESSAGE, {"id": read.message_id}).one_or_none()
    if message is None or not counting.is_allowed(tenant.counting, message.may_count):
        return False
    by_machine = fetching.is_by_machine(fetch, handed_over_at=message.sent_at, now=now)
    return receipts.store(session, message.gateway_id, _report(read, by_machine, now), now=now)


def _report(read: Read, by_machine: bool, now: datetime) -> DeliveryReport:
    kind = ReportKind.CLICKED if read.link else ReportKind.OPENED
    who = "machine" if by_machine else "person"
    minute = int(now.timestamp()) // 60
    url = {"url": read.address} if read.link else {}
    return DeliveryReport(
        key=f"{kind}:{read.message_id}.{read.link}:{who}:{minute}",
        kind=kind,
        message_id=read.message_id,
        at=now,
        properties=url | {"machine": by_machine},
    )
