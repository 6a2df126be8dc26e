"""What a member said so far, for looking at and as proof: every answer with its source, words and time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.consent import Consent, ConsentState

# How our own doors name themselves as a source. Others say it in their own words.
PREFERENCES_PAGE = "preferences page"
UNSUBSCRIBE_PAGE = "unsubscribe page"
ONE_CLICK = "one-click unsubscribe"
TEXT_MESSAGE = "text message"
JOIN_PAGE = "join page, confirmed by e-mail"
MERGE = "two records of one guest were joined"
AT_THE_COUNTER, BY_PHONE, IN_WRITING = "told at the counter", "told by phone", "told in writing"
TOLD_TO_STAFF = (AT_THE_COUNTER, BY_PHONE, IN_WRITING)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it was recorded. `is_dated` False: nobody told when, `given_at` is when we heard of it."""

    id: int
    channel: str
    topic: str
    granted: bool
    given_at: datetime
    is_dated: bool
    recorded_at: datetime
    recorded_by: str
    source: str
    wording: str
    wording_version: str
    address: str


def standing(session: Session, member_id: int) -> dict[str, list[Said]]:
    """The answer that counts for each channel and topic that was ever answered, by channel."""
    query = _said().join(ConsentState, ConsentState.consent_id == Consent.id)
    query = query.where(ConsentState.member_id == member_id).order_by(Consent.channel, Consent.topic)
    found: dict[str, list[Said]] = {}
    for row in session.execute(query):
        found.setdefault(row.channel, []).append(Said(*row))
    return found


def page(session: Session, member_id: int, *, before_id: int | None, limit: int) -> list[Said]:
    """A page of everything the member said, what was recorded last on top."""
    query = _said().where(Consent.member_id == member_id).order_by(Consent.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(Consent.id < before_id)
    return [Said(*row) for row in session.execute(query)]


def proof(session: Session, member_id: int) -> Iterator[Said]:
    """Everything the member ever said, oldest first."""
    query = _said().where(Consent.member_id == member_id).order_by(Consent.id)
    return (Said(*row) for row in session.execute(query.execution_options(yield_per=500)))


def _said() -> Select:
    return select(*(getattr(Consent, name) for name in Said.__dataclass_fields__))
