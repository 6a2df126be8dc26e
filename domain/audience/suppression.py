"""Addresses that we must not send to, whatever the consent says.

Of a forgotten person the address stays as a fingerprint, so that a list of last year's does not begin anew. It turns
back into the address when somebody joins with it, because then it can be asked again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.audience.addresses import BY_PHONE
from models.consent import ConsentState, Suppression
from models.member import Member
from models.message import Channel, Topic

OPTED_OUT, COMPLAINED = "opted_out", "complained"
THEIR_OWN_WISH = (OPTED_OUT, COMPLAINED)  # what a guest can take back


@dataclass(frozen=True, slots=True)
class Standing:
    """A suppression that stands for one of a member's channels."""

    channel: str
    reason: str
    since: datetime


# `#` begins no address. The café's number is part of it: the same address has another fingerprint elsewhere.
_PRINT = "'#' || encode(sha256(convert_to(current_setting('app.tenant_id') || ' ' || {0}, 'UTF8')), 'hex')"
_FORGET = text(f"""
    UPDATE suppressions s SET address = {_PRINT.format("s.address")}, detail = ''
      FROM unnest(CAST(:channels AS text[]), CAST(:addresses AS text[])) AS theirs (channel, address)
     WHERE s.channel = theirs.channel AND s.address = theirs.address AND s.lifted_at IS NULL
       AND NOT EXISTS (SELECT FROM suppressions o WHERE o.channel = s.channel AND o.lifted_at IS NULL
                          AND o.address = {_PRINT.format("theirs.address")})""")  # noqa: S608 (our own fragments)
_FORGET_THE_REST = text("""
    DELETE FROM suppressions s
     USING unnest(CAST(:channels AS text[]), CAST(:addresses AS text[])) AS theirs (channel, address)
     WHERE s.channel = theirs.channel AND s.address = theirs.address""")
_RECALL = text(f"""
    UPDATE suppressions s SET address = back.address
      FROM (SELECT w.email_key AS address, true AS is_mail FROM members w WHERE w.id = ANY(:member_ids)
             UNION SELECT w.phone, false FROM members w WHERE w.id = ANY(:member_ids)) AS back
     WHERE s.address LIKE '#%' AND s.address = {_PRINT.format("back.address")}
       AND (s.channel = 'email') = back.is_mail AND s.lifted_at IS NULL
       AND NOT EXISTS (SELECT FROM suppressions o WHERE o.channel = s.channel AND o.address = back.address
                          AND o.lifted_at IS NULL)""")  # noqa: S608 (our own fragments)


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


def lift(session: Session, channel: str, address: str, *, now: datetime) -> bool:
    """The address may be written to again, because the member said so themselves. False when nothing stood."""
    lifted = session.execute(
        update(Suppression)
        .where(Suppression.channel == channel, Suppression.address == _spelling(channel, address))
        .where(Suppression.lifted_at.is_(None), Suppression.reason.in_(THEIR_OWN_WISH))
        .values(lifted_at=now)
        .returning(Suppression.id)
    )
    return lifted.first() is not None


def forget(session: Session, member: Member, *, now: datetime) -> None:
    """Keep a forgotten member's refused addresses as fingerprints, and those of channels that they closed entirely."""
    pairs = _addresses(member)
    closed = _closed_channels(session, member.id)
    for channel, address in pairs:
        if channel in closed:
            suppress(session, channel, address, OPTED_OUT, now=now)
    theirs = {"channels": [channel for channel, _ in pairs], "addresses": [address for _, address in pairs]}
    session.execute(_FORGET, theirs)
    session.execute(_FORGET_THE_REST, theirs)


def recall(session: Session, member_ids: Sequence[int]) -> None:
    """Let suppressions stand again that were kept as fingerprints of these members' addresses."""
    session.execute(_RECALL, {"member_ids": list(member_ids)})


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


def _closed_channels(session: Session, member_id: int) -> set[str]:
    closed = select(ConsentState.channel).where(ConsentState.member_id == member_id, ConsentState.granted.is_(False))
    every_topic = closed.group_by(ConsentState.channel).having(func.count() == len(Topic))
    return set(session.scalars(every_topic))


def _addresses(member: Member) -> Sequence[tuple[str, str]]:
    by_phone = [(channel, member.phone) for channel in sorted(BY_PHONE) if member.phone]
    by_mail = [(Channel.EMAIL, member.email.lower())] if member.email else []
    return [*by_mail, *by_phone]


def _spelling(channel: str, address: str) -> str:
    return address.lower() if channel == Channel.EMAIL else address
