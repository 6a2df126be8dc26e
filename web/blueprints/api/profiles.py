"""How a member looks in an answer; many members cost as many queries as one."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import select

from domain.audience import members, segments, tag_holders
from models.consent import ConsentState, Suppression
from models.currency import Currency
from models.database import db
from models.ledger import Balance as BalanceRow
from models.member import Member
from web.blueprints.api.shapes import Answer, Balance, Scalar

PLAIN = ("external_id", "first_name", "last_name", "email", "phone", "card", "locale", "timezone", "country")


class Completeness(Answer):
    """How much of the profile is known."""

    percent: int = Field(examples=[80])
    missing: list[str] = Field(examples=[["birthday"]])


class Suppressed(Answer):
    """An address of the member that is not written to, whatever they agreed to."""

    channel: str
    reason: str
    since: datetime


class SegmentName(Answer):
    """A segment the member is in."""

    id: int
    name: str


class MemberAnswer(Answer):
    """A member as the café knows them."""

    external_id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None = Field(description="E.164", examples=["+436601234567"])
    card: str | None
    birthday: date | None
    joined_on: date
    locale: str | None
    timezone: str | None
    country: str | None
    attributes: dict[str, Scalar]
    created_at: datetime
    updated_at: datetime
    completeness: Completeness
    balances: list[Balance]
    tier: str | None
    tags: list[str]
    segments: list[SegmentName]
    consents: dict[str, dict[str, bool]] = Field(examples=[{"email": {"rewards": True, "promotional": False}}])
    suppressions: list[Suppressed]


def of_members(people: Sequence[Member]) -> list[dict[str, Any]]:
    """The members as answers, in their order."""
    ids = [member.id for member in people]
    balances, consents, suppressions = _balances(ids), _consents(ids), _suppressions(people)
    inside = segments.of_members(db.session, ids)
    tagged = tag_holders.names_of_many(db.session(), ids)
    return [
        _profile(member)
        | {
            "balances": balances(member.id),
            "tags": tagged.get(member.id, []),
            "segments": [{"id": each.id, "name": each.name} for each in inside.get(member.id, ())],
            "consents": consents[member.id],
            "suppressions": suppressions[member.email_key] + suppressions[member.phone],
        }
        for member in people
    ]


def _profile(member: Member) -> dict[str, Any]:
    known = members.completeness(member)
    return {name: getattr(member, name) for name in PLAIN} | {
        "birthday": member.birthday.isoformat() if member.birthday else None,
        "joined_on": member.joined_on.isoformat(),
        "attributes": member.attributes,
        "created_at": member.created_at.isoformat(),
        "updated_at": member.updated_at.isoformat(),
        "completeness": {"percent": known.percent, "missing": known.missing},
        "tier": None,
    }


def _balances(ids: Sequence[int]) -> Any:
    codes = db.session.execute(select(Currency.id, Currency.code).order_by(Currency.id)).all()
    rows = db.session.execute(
        select(BalanceRow.member_id, BalanceRow.currency_id, BalanceRow.available, BalanceRow.pending).where(
            BalanceRow.member_id.in_(ids)
        )
    )
    standing = {(row.member_id, row.currency_id): (row.available, row.pending) for row in rows}

    def of_one(member_id: int) -> list[dict[str, Any]]:
        sums = [(code, *standing.get((member_id, currency_id), (0, 0))) for currency_id, code in codes]
        return [{"currency": code, "available": available, "pending": pending} for code, available, pending in sums]

    return of_one


def _consents(ids: Sequence[int]) -> dict[int, dict[str, dict[str, bool]]]:
    query = select(ConsentState.member_id, ConsentState.channel, ConsentState.topic, ConsentState.granted)
    found: dict[int, dict[str, dict[str, bool]]] = defaultdict(dict)
    for row in db.session.execute(query.where(ConsentState.member_id.in_(ids)).order_by("channel", "topic")):
        found[row.member_id].setdefault(row.channel, {})[row.topic] = row.granted
    return found


def _suppressions(people: Sequence[Member]) -> dict[str | None, list[dict[str, Any]]]:
    theirs = {address for member in people for address in (member.email_key, member.phone) if address}
    query = select(Suppression).where(Suppression.address.in_(theirs), Suppression.lifted_at.is_(None))
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(Suppression.since, Suppression.id)) if theirs else ():
        found[row.address].append({"channel": row.channel, "reason": row.reason, "since": row.since.isoformat()})
    return found
