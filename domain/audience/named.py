"""Members as people write them down: by e-mail, phone, card or number, many at once."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.audience import addresses
from domain.errors import Refusal
from models.member import Member
from models.tenant import Tenant


def find(session: Session, tenant: Tenant, lines: Sequence[str]) -> dict[str, int]:
    """The member's id for each line that names one; lines that name nobody are missing."""
    asked = [line.strip() for line in lines]
    phones = {phone: line for line in asked if (phone := _phone(tenant, line))}
    keys = (Member.external_id, Member.card, Member.email_key, Member.phone)
    wanted = (asked, asked, [line.lower() for line in asked], list(phones))
    named = or_(*(key.in_(values) for key, values in zip(keys, wanted, strict=True)))
    found: dict[str, int] = {}
    for number, external_id, card, email, phone in session.execute(
        select(Member.id, *keys).where(Member.erased_at.is_(None), named).order_by(Member.id)
    ):
        answers = {external_id, card, phones.get(phone or "")} - {None}
        found |= {line: number for line in asked if line in answers or (email and line.lower() == email)}
    return found


def _phone(tenant: Tenant, line: str) -> str | None:
    try:
        return addresses.phone(line, country=tenant.country).number
    except Refusal:
        return None
