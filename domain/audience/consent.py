"""What a member agreed to. Answers are added, never edited; where each channel and topic stands follows from them.

Of all answers about a channel and topic the latest counts, and of two at the same instant the no. A yes of unknown time
counts as earlier than any no: it opens only what was never closed. So the order in which answers reach us is of no
matter, and a file from last year opens nothing that was closed since.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.audience import aliases
from domain.errors import FieldError, Unacceptable
from domain.loyalty import summaries
from domain.sentences import say
from models.consent import ConsentState
from models.message import Channel, Reason, Topic

CHANNELS = tuple(channel.value for channel in Channel if channel not in (Channel.RECEIPT, Channel.CASHIER))
TOPICS = tuple(topic.value for topic in Topic)


@dataclass(frozen=True, slots=True)
class Answer:
    """A member's yes or no for one channel and topic."""

    channel: str
    topic: str
    granted: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """How we know: where it was said, when (none = not known), in answer to which words, from which address.

    `recorded_by` is the actor of the audit log who wrote it down; nobody when the member did it themselves.
    """

    source: str
    given_at: datetime | None = None
    wording: str = ""
    wording_version: str = ""
    address: str = ""
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of one member, and how we know."""

    member_id: int
    answer: Answer
    proof: Proof


_RECORD = text("""
    WITH told AS (
      SELECT * FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t (number bigint, member_id bigint, channel text,
             topic text, granted boolean, given_at timestamptz, is_dated boolean, source text, wording text,
             wording_version text, address text, recorded_by text)),
    before AS (
      SELECT member_id, channel, topic, granted, paused_until FROM consent_states WHERE member_id = ANY(:member_ids)),
    resting AS (SELECT member_id, max(paused_until) AS paused_until FROM before GROUP BY member_id),
    added AS (
      INSERT INTO consents (member_id, channel, topic, granted, given_at, is_dated, recorded_at, recorded_by, source,
                            wording, wording_version, address)
      SELECT member_id, channel, topic, granted, given_at, is_dated, :now, recorded_by, source, wording,
             wording_version, address
        FROM told ORDER BY number
      RETURNING id, member_id, channel, topic, granted, given_at, is_dated),
    latest AS (
      SELECT DISTINCT ON (member_id, channel, topic) *,
             max(given_at) FILTER (WHERE NOT granted) OVER (PARTITION BY member_id, channel, topic) AS closed_at
        FROM added ORDER BY member_id, channel, topic, is_dated DESC, given_at DESC, granted, id DESC),
    -- Judged against the row as it is when its lock is had: two doors that write at once cannot overlook each other.
    standing AS (
      INSERT INTO consent_states AS s (member_id, channel, topic, granted, since, is_dated, closed_at, consent_id,
                                       paused_until)
      SELECT member_id, channel, topic, granted, given_at, is_dated, closed_at, id,
             paused_until
        FROM latest LEFT JOIN resting USING (member_id) ORDER BY member_id, channel, topic
          ON CONFLICT (tenant_id, member_id, channel, topic) DO UPDATE
         SET granted = excluded.granted, since = excluded.since, is_dated = excluded.is_dated,
             consent_id = excluded.consent_id, closed_at = greatest(s.closed_at, excluded.closed_at)
       WHERE (excluded.is_dated, excluded.since) > (s.is_dated, s.since)
          OR (excluded.is_dated, excluded.since) = (s.is_dated, s.since) AND NOT excluded.granted
      RETURNING member_id, channel, topic, granted)
    SELECT s.member_id, s.channel, s.topic, s.granted
      FROM standing s LEFT JOIN before b USING (member_id, channel, topic)
     WHERE b.granted IS DISTINCT FROM s.granted
     ORDER BY s.member_id, s.channel, s.topic""")


def read(consents: dict[str, dict[str, bool]]) -> list[Answer]:
    """`{channel: {topic: bool}}` as answers; unknown channels and topics are refused beside their field."""
    errors = [
        FieldError(f"consents.{c}", say("Unknown channel. Use one of: %(channels)s.", channels=", ".join(CHANNELS)))
        for c in consents
        if c not in CHANNELS
    ]
    errors += [
        FieldError(f"consents.{c}.{t}", say("Unknown topic. Use one of: %(topics)s.", topics=", ".join(TOPICS)))
        for c, topics in consents.items()
        for t in topics
        if t not in TOPICS
    ]
    if errors:
        raise Unacceptable(say("These consents cannot be recorded."), errors)
    return [Answer(c, t, granted) for c, topics in consents.items() for t, granted in topics.items()]


def record(session: Session, member_id: int, answers: Sequence[Answer], proof: Proof, *, now: datetime) -> list[Answer]:
    """Add what a member said and return the answers that changed where they stand.

    A yes that is not later than the member's own no changes nothing; a yes of unknown time opens only what was never
    closed. A no of unknown time counts from now.
    """
    changed = record_all(session, [Told(member_id, answer, proof) for answer in answers], now=now)
    return [each.answer for each in changed]


def record_all(session: Session, told: Sequence[Told], *, now: datetime) -> list[Told]:
    """`record` for answers of many members in three statements; what changed comes without its proof.

    What a merged member said counts for the one who was kept; of an erased one nothing is kept.
    """
    if not told:
        return []
    ids = aliases.hold(session, {each.member_id for each in told})
    rows = [_row(number, each, ids[each.member_id], now) for number, each in enumerate(told) if each.member_id in ids]
    values = {"told": json.dumps(rows), "member_ids": sorted(set(ids.values())), "now": now}
    changed = session.execute(_RECORD, values).all() if rows else []
    if changed:
        summaries.touch(session, [row.member_id for row in changed], now=now)
    return [Told(member_id, Answer(*answer), Proof("")) for member_id, *answer in changed]


def withdraw(
    session: Session,
    member_id: int,
    proof: Proof,
    *,
    now: datetime,
    channel: str | None = None,
    topic: str | None = None,
) -> list[Answer]:
    """Close a channel, a topic, one of both or everything: whatever stands open, and what was never asked."""
    answers = [
        Answer(c, t, granted=False)
        for c in ([channel] if channel else CHANNELS)
        for t in ([topic] if topic else TOPICS)
    ]
    return record(session, member_id, answers, proof, now=now)


UNDO_WITHIN = timedelta(days=1)

_TAKEN_BACK = text("""
    SELECT yes.topic FROM (
      SELECT topic, max(given_at) AS at FROM consents
       WHERE member_id = :member_id AND channel = :channel AND granted GROUP BY topic) AS yes
     WHERE NOT EXISTS (SELECT FROM consents no
                        WHERE no.member_id = :member_id AND no.channel = :channel AND no.topic = yes.topic
                          AND NOT no.granted AND no.given_at >= yes.at AND no.given_at < :since)""")


def undo(
    session: Session, member_id: int, topics: Sequence[str], proof: Proof, *, channel: str, now: datetime
) -> list[Answer]:
    """Open again what the member closed within the last day by mistake, and nothing they had not agreed to before."""
    asked = {"member_id": member_id, "channel": channel, "since": now - UNDO_WITHIN}
    agreed = set(session.scalars(_TAKEN_BACK, asked))
    answers = [Answer(channel, topic, granted=True) for topic in topics if topic in agreed]
    return record(session, member_id, answers, proof, now=now) if answers else []


_CLOSED_BY_A_TEXT = text("""
    SELECT yes.topic FROM (
      SELECT topic, max(given_at) AS at FROM consents
       WHERE member_id = :member_id AND channel = :channel AND granted GROUP BY topic) AS yes
     WHERE NOT EXISTS (SELECT FROM consents no
                        WHERE no.member_id = :member_id AND no.channel = :channel AND no.topic = yes.topic
                          AND NOT no.granted AND no.given_at >= yes.at AND no.source <> :by_text)""")


def reopen(session: Session, member_id: int, proof: Proof, *, channel: str, now: datetime) -> list[Answer]:
    """Open again what the member closed by a text like `proof`'s, and nothing they closed elsewhere."""
    asked = {"member_id": member_id, "channel": channel, "by_text": proof.source}
    answers = [Answer(channel, topic, granted=True) for topic in session.scalars(_CLOSED_BY_A_TEXT, asked)]
    return record(session, member_id, answers, proof, now=now) if answers else []


_HOLD = text("""
    SELECT 1 FROM consent_states WHERE member_id = ANY(:member_ids) ORDER BY member_id, channel, topic FOR UPDATE""")


def hold(session: Session, member_ids: Sequence[int]) -> None:
    """Keep where these members stand as it is until the transaction ends: before their messages are touched, as
    handing over does."""
    session.execute(_HOLD, {"member_ids": list(member_ids)})


def pause(session: Session, member_id: int, *, until: datetime | None) -> None:
    """Nothing leaves to the member before `until`, whatever they agreed to; None ends the pause."""
    session.execute(update(ConsentState).where(ConsentState.member_id == member_id).values(paused_until=until))


def paused_until(session: Session, member_id: int, *, now: datetime) -> datetime | None:
    """When the member wants to hear from the café again; None when they do not rest."""
    resting = select(ConsentState.paused_until).where(
        ConsentState.member_id == member_id, ConsentState.paused_until > now
    )
    return session.scalar(resting.limit(1))


def why_not(session: Session, member_id: int, channel: str, topic: str, *, now: datetime) -> Reason | None:
    """Why this member may not hear about `topic` on `channel`; None when they may."""
    state = session.execute(
        select(ConsentState.granted, ConsentState.paused_until).where(
            ConsentState.member_id == member_id, ConsentState.channel == channel, ConsentState.topic == topic
        )
    ).one_or_none()
    if state is None:
        return Reason.NO_CONSENT
    is_resting = state.paused_until is not None and state.paused_until > now
    return None if state.granted and not is_resting else Reason.UNSUBSCRIBED


def of_member(session: Session, member_id: int) -> dict[str, dict[str, bool]]:
    """Where a member stands: `{channel: {topic: bool}}`, only what was ever answered."""
    state = ConsentState
    rows = session.execute(
        select(state.channel, state.topic, state.granted)
        .where(state.member_id == member_id)
        .order_by(state.channel, state.topic)
    )
    standing: dict[str, dict[str, bool]] = {}
    for channel, topic, granted in rows:
        standing.setdefault(channel, {})[topic] = granted
    return standing


def _row(number: int, told: Told, member_id: int, now: datetime) -> dict[str, Any]:
    answer, proof = told.answer, told.proof
    return {
        "number": number,
        "member_id": member_id,
        "channel": answer.channel,
        "topic": answer.topic,
        "granted": answer.granted,
        "given_at": (proof.given_at or now).isoformat(),
        "is_dated": proof.given_at is not None or not answer.granted,
        "source": proof.source,
        "wording": proof.wording,
        "wording_version": proof.wording_version,
        "address": proof.address,
        "recorded_by": proof.recorded_by,
    }
