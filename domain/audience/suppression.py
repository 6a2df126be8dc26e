"""Addresses that we must not send to, whatever the consent says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.audience.addresses import BY_PHONE
from models.consent import Suppression
from models.member import Member
from models.message import Channel


@dataclass(frozen=True, slots=True)
class Standing:
    """A suppression that stands for one of a member's channels."""

    channel: str
    reason: str
    since: datetime


def suppress(session: Session, channel: str, address: str, reason: str, *, now: datetime, detail: str = "") -> bool:
    """Never write to `address` on `channel` again. False when that stood already."""
    row = {
        "channel": channel,
        "address": _spelling(channel, address),
        "reason": reason,
        "detail": detail[:500],
        "since": now,
    }
    statement = (
        insert(Suppression)
        .values(row)
        .on_conflict_do_nothing(
            index_elements=["tenant_id", "channel", "address"], index_where=text("lifted_at IS NULL")
        )
    )
    return session.scalar(statement.returning(Suppression.id)) is not None


def lift(session: Session, channel: str, address: str, *, now: datetime) -> None:
    """The address may be written to again, because the member said so themselves."""
    session.execute(
        update(Suppression)
        .where(Suppression.channel == channel, Suppression.address == _spelling(channel, address))
        .where(Suppression.lifted_at.is_(None))
        .values(lifted_at=now)
    )


def of_member(session: Session, member: Member) -> list[Standing]:
    """What stands against a member's own addresses."""
    pairs = _addresses(member)
    if not pairs:
        return []
    rows = session.scalars(
        select(Suppression)
        .where(tuple_(Suppression.channel, Suppression.address).in_(pairs), Suppression.lifted_at.is_(None))
        .order_by(Suppression.since)
    )
    return [Standing(row.channel, row.reason, row.since) for row in rows]


def _addresses(member: Member) -> Sequence[tuple[str, str]]:
    by_phone = [(channel, member.phone) for channel in sorted(BY_PHONE) if member.phone]
    by_mail = [(Channel.EMAIL, member.email.lower())] if member.email else []
    return [*by_mail, *by_phone]


def _spelling(channel: str, address: str) -> str:
    return address.lower() if channel == Channel.EMAIL else address
