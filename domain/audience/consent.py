"""What a member agreed to. Answers are added, never edited; where each channel and topic stands follows from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import FieldError, Unacceptable
from models.consent import Consent, ConsentState
from models.member import Member
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
    """How we know: where it was said, when (none = not known), in answer to which words, from which address."""

    source: str
    given_at: datetime | None = None
    wording: str = ""
    wording_version: str = ""
    address: str = ""


def read(consents: dict[str, dict[str, bool]]) -> list[Answer]:
    """`{channel: {topic: bool}}` as answers; unknown channels and topics are refused beside their field."""
    errors = [
        FieldError(f"consents.{c}", f"Unknown channel. Use one of: {', '.join(CHANNELS)}.")
        for c in consents
        if c not in CHANNELS
    ]
    errors += [
        FieldError(f"consents.{c}.{t}", f"Unknown topic. Use one of: {', '.join(TOPICS)}.")
        for c, topics in consents.items()
        for t in topics
        if t not in TOPICS
    ]
    if errors:
        raise Unacceptable("These consents cannot be recorded.", errors)
    return [Answer(c, t, granted) for c, topics in consents.items() for t, granted in topics.items()]


def record(session: Session, member_id: int, answers: Sequence[Answer], proof: Proof, *, now: datetime) -> list[Answer]:
    """Add what a member said and return the answers that changed where they stand.

    A yes that is not later than the member's own no changes nothing; a yes of unknown time opens only what was never
    closed. A no of unknown time counts from now.
    """
    if not answers:
        return []
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    standing = {(s.channel, s.topic): s for s in _states(session, member_id)}
    latest = [answer for answer in answers if _is_latest(standing.get((answer.channel, answer.topic)), answer, proof)]
    ids = _append(session, member_id, answers, proof, now=now)
    for answer in latest:
        _stand(session, member_id, answer, proof.given_at or now, ids[answer])
    return [answer for answer in latest if _changes(standing.get((answer.channel, answer.topic)), answer)]


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


def why_not(session: Session, member_id: int, channel: str, topic: str) -> Reason | None:
    """Why this member may not hear about `topic` on `channel`; None when they may."""
    granted = session.scalar(
        select(ConsentState.granted).where(
            ConsentState.member_id == member_id, ConsentState.channel == channel, ConsentState.topic == topic
        )
    )
    if granted is None:
        return Reason.NO_CONSENT
    return None if granted else Reason.UNSUBSCRIBED


def of_member(session: Session, member_id: int) -> dict[str, dict[str, bool]]:
    """Where a member stands: `{channel: {topic: bool}}`, only what was ever answered."""
    standing: dict[str, dict[str, bool]] = {}
    for state in _states(session, member_id):
        standing.setdefault(state.channel, {})[state.topic] = state.granted
    return standing


def _states(session: Session, member_id: int) -> Iterable[ConsentState]:
    query = select(ConsentState).where(ConsentState.member_id == member_id)
    return session.scalars(
        query.order_by(ConsentState.channel, ConsentState.topic).execution_options(populate_existing=True)
    )


def _is_latest(state: ConsentState | None, answer: Answer, proof: Proof) -> bool:
    if state is None:
        return True
    if answer.granted:
        return proof.given_at is not None and proof.given_at > state.since
    return proof.given_at is None or proof.given_at >= state.since


def _changes(state: ConsentState | None, answer: Answer) -> bool:
    return state is None or state.granted != answer.granted


def _append(
    session: Session, member_id: int, answers: Sequence[Answer], proof: Proof, *, now: datetime
) -> dict[Answer, int]:
    rows: list[dict[str, Any]] = [
        {
            "member_id": member_id,
            "channel": answer.channel,
            "topic": answer.topic,
            "granted": answer.granted,
            "given_at": proof.given_at or now,
            "recorded_at": now,
            "source": proof.source,
            "wording": proof.wording,
            "wording_version": proof.wording_version,
            "address": proof.address,
        }
        for answer in answers
    ]
    ids = session.scalars(insert(Consent).returning(Consent.id, sort_by_parameter_order=True), rows)
    return dict(zip(answers, ids, strict=True))


def _stand(session: Session, member_id: int, answer: Answer, since: datetime, consent_id: int) -> None:
    values: dict[str, Any] = {"granted": answer.granted, "since": since, "consent_id": consent_id}
    if not answer.granted:
        values["closed_at"] = since
    key = {"member_id": member_id, "channel": answer.channel, "topic": answer.topic}
    statement = insert(ConsentState).values(key | values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "member_id", "channel", "topic"], set_=values)
    )
