"""What a till found out, told to the rules: a sale is rung up, a refund takes back, each once."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.canon import Buyer, CanonicalRefund, CanonicalSale, Finding, Notice
from domain.audience import members
from domain.errors import Conflict, Unacceptable
from domain.loyalty.sales import MemberRef, RefundRequest, Sale, SaleDiscount, SaleItem
from domain.outreach import checkout
from domain.tenant_scope import bound_tenant_id
from models.member import Member
from models.purchase import Purchase, Refund
from models.tenant import Tenant

RECORDED = "This was recorded before."


class NotYet(Exception):
    """What this belongs to has not arrived: it waits. `detail` is for the owner."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def record(session: Session, finding: Finding, *, location: str | None = None, now: datetime) -> str | None:
    """Let the rules answer what was found, once; returns why nothing was recorded, or None when it was.

    `location` is the name of where a sale happened.

    Raises `NotYet` for a refund whose sale is not known yet, and what the rules refuse as `Refusal`.
    """
    if isinstance(finding, CanonicalSale):
        return _ring_up(session, finding, location, now=now)
    if isinstance(finding, CanonicalRefund):
        return _take_back(session, finding, now=now)
    return finding.reason


def unknown(session: Session, source: str, notices: Iterable[Notice]) -> list[Notice]:
    """Those of the notices whose sale or refund is not recorded yet."""
    notices = list(notices)
    subjects = [notice.subject for notice in notices]
    recorded = set(_recorded(session, Purchase, source, subjects)) | set(_recorded(session, Refund, source, subjects))
    return [notice for notice in notices if notice.subject not in recorded]


def _ring_up(session: Session, found: CanonicalSale, location: str | None, *, now: datetime) -> str | None:
    if list(_recorded(session, Purchase, found.source, [found.external_id])):
        return RECORDED
    try:
        checkout.ring_up(session, _sale(session, found, location), now=now)
    except Conflict:  # somebody was faster, and knew the guest by another name
        return RECORDED
    return None


def _take_back(session: Session, found: CanonicalRefund, *, now: datetime) -> str | None:
    purchase = session.scalar(
        select(Purchase)
        .where(Purchase.source == found.source, Purchase.external_id == found.sale_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if purchase is None:
        raise NotYet("The sale that this refund belongs to has not arrived.")
    if list(_recorded(session, Refund, found.source, [found.external_id])):
        return RECORDED
    # What is given back of the tip is ours only where the till told us its share; the rest can't exceed what was sold.
    amount = min(found.amount_minor, purchase.amount_minor - purchase.refunded_minor)
    if amount <= 0:
        return "Nothing that earned points was given back."
    request = RefundRequest(external_id=found.external_id, occurred_at=found.occurred_at, amount_minor=amount)
    checkout.refund(session, found.sale_id, request, source=found.source, now=now)
    return None


def _recorded(session: Session, table: type[Purchase] | type[Refund], source: str, ids: list[str]) -> Iterable[str]:
    return session.scalars(select(table.external_id).where(table.source == source, table.external_id.in_(ids)))


def _sale(session: Session, found: CanonicalSale, location: str | None) -> Sale:
    member = _member(session, found.buyer) if found.buyer else None
    return Sale(
        source=found.source,
        external_id=found.external_id,
        member=MemberRef("external_id", member.external_id) if member else None,
        amount_minor=found.amount_minor,
        currency=found.currency,
        occurred_at=found.occurred_at,
        channel=found.channel,
        location=location,
        payment_method=found.payment_method,
        items=tuple(SaleItem(e.name, e.amount_minor, e.quantity, e.sku, e.category) for e in found.lines),
        discounts=tuple(SaleDiscount(e.scope, e.name, e.amount_minor) for e in found.discounts),
    )


def _member(session: Session, buyer: Buyer) -> Member | None:
    """Our member: by the external id that the till keeps for us, then phone, then e-mail."""
    tenant = session.get_one(Tenant, bound_tenant_id())
    for reference in _references(buyer):
        try:
            member = members.find(session, tenant, reference)
        except Unacceptable:  # what was typed at the till is no phone number
            continue
        if member is not None:
            return member
    return None


def _references(buyer: Buyer) -> Iterable[Mapping[str, str]]:
    known = {"external_id": buyer.external_id, "phone": buyer.phone, "email": buyer.email}
    return ({field: value} for field, value in known.items() if value)
