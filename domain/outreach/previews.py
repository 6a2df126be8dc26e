"""What a real member would read, before anything is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.content import designs, templates
from domain.content.links import LinkSigner
from domain.content.templates import Content
from domain.delivery import contexts
from domain.delivery.outbox import Claimed
from domain.locales import written_in
from models.currency import Currency
from models.ledger import Balance
from models.member import Member
from models.message import Channel, Topic
from models.tenant import Tenant

NO_MESSAGE = 0
RECENT = 2000


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to preview for: a member, or a hard case made from one. `points` are of the currency asked about."""

    member: Member | None
    locale: str
    points: int = 0
    values: Mapping[str, Any] | None = None


def values_of(session: Session, member: Member, names: Iterable[str]) -> dict[str, Any]:
    """What is known about a member, by dotted name. Links stay examples: a preview must not act."""
    wanted = frozenset(name for name in names if not name.startswith("links."))
    message = _of_no_message(member)
    here = contexts.cafe(session)
    return contexts.load(session, [message], here, LinkSigner(["of no link"]), wanted)[NO_MESSAGE].values


def names_in(content: Content) -> set[str]:
    """The placeholders a wording uses."""
    return set(templates.prepared(content).names)


def reader(session: Session, tenant: Tenant, persona: str, *, currency: str, threshold: int) -> Reader:
    """Who reads: `near` (a member close to the threshold), `no_name`, `longest` (name) or `german`."""
    if persona == "longest":
        member = _with_the_longest_name(session)
        return Reader(member, _locale(tenant, member.locale if member else None), _points(session, member, currency))
    member = _near(session, currency, threshold)
    own = member.locale if member else None
    locale = _locale(tenant, "de" if persona == "german" else own)
    blank = {"member.first_name": "", "member.last_name": "", "member.full_name": ""} if persona == "no_name" else None
    return Reader(member, locale, _points(session, member, currency), blank)


def reward_values(tenant: Tenant, values: Mapping[str, Any], locale: str, *, now: datetime) -> dict[str, Any]:
    """What an unlock of this reward would fill in, as far as the editor's `values` say; examples stand for the rest."""
    days = values.get("valid_days")
    until = (now + timedelta(days=days)).astimezone(ZoneInfo(tenant.timezone)).date() if days else None
    known: dict[str, Any] = {"reward.threshold": values.get("threshold"), "reward.valid_until": until}
    known["reward.cost"] = values.get("cost") or values.get("threshold")
    known["reward.name"] = values.get("name")
    if discount := values.get("discount"):
        known["reward.discount"] = designs.discount_words(discount, currency=tenant.currency, locale=locale)
    return {name: value for name, value in known.items() if value}


def _locale(tenant: Tenant, language: str | None) -> str:
    return written_in(language or tenant.locale, tenant.country)


def _of_no_message(member: Member) -> Claimed:
    nothing: dict[str, Any] = dict.fromkeys(Claimed.__dataclass_fields__)
    told = {"id": NO_MESSAGE, "member_id": member.id, "channel": Channel.EMAIL, "topic": Topic.REWARDS, "attempts": 0}
    return Claimed(**nothing | told | {"cause": "test", "occasion": "preview", "values": {}})


def _near(session: Session, currency: str, threshold: int) -> Member | None:
    query = (
        select(Member)
        .join(Balance, Balance.member_id == Member.id)
        .join(Currency, Currency.id == Balance.currency_id)
        .where(Currency.code == currency, Member.erased_at.is_(None), Member.first_name.is_not(None))
        .order_by(func.abs(Balance.available - threshold), Member.id)
        .limit(1)
    )
    anybody = select(Member).where(Member.erased_at.is_(None)).order_by(Member.id.desc()).limit(1)
    return session.scalar(query) or session.scalar(anybody)


def _with_the_longest_name(session: Session) -> Member | None:
    recent = select(Member.id).where(Member.erased_at.is_(None)).order_by(Member.id.desc()).limit(RECENT)
    length = func.length(func.concat(Member.first_name, Member.last_name))
    return session.scalar(select(Member).where(Member.id.in_(recent)).order_by(length.desc(), Member.id).limit(1))


def _points(session: Session, member: Member | None, currency: str) -> int:
    if member is None:
        return 0
    query = select(Balance.available).join(Currency, Currency.id == Balance.currency_id)
    return session.scalar(query.where(Balance.member_id == member.id, Currency.code == currency)) or 0
