"""A member's story: everything that happened to them and was sent to them, or not sent and why. Newest first."""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.errors import Unacceptable
from domain.loyalty.events import CATALOGUE
from domain.sentences import say
from models.message import MessageState


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing. `type` is the event's, or `message.<state>`; `properties` are its facts; `key` orders equal instants.

    `message` is the message's id, channel, state, reason, cause, subject and preview. What the member agreed to or took
    back is `consent.given` or `consent.withdrawn` with `answers` as `[[channel, topic]]`; an address that must not be
    written to is `address.suppressed`, one that may be again `address.lifted`.
    """

    at: datetime
    key: str
    type: str
    properties: Mapping[str, Any]
    message: Mapping[str, Any] | None = None

    @property
    def summary(self) -> str:
        """The moment in a sentence of plain English, for those who read the API."""
        return _of_message(self.message) if self.message else _of_event(self.type, self.properties)


@dataclass(frozen=True, slots=True)
class Story:
    """A page of moments; `next` is the cursor of what came before, None when there is nothing more."""

    items: list[Moment]
    next: str | None


SAME_INSTANT = 500
_KEY = re.compile(r"[cemst]\d{19}")

_STORY = text("""
    SELECT at, key, type, properties, message FROM (
      (SELECT occurred_at AS at, 'e' || lpad(id::text, 19, '0') AS key, type, properties, NULL::jsonb AS message
         FROM events
        WHERE member_id = :member_id AND (CAST(:at AS timestamptz) IS NULL OR occurred_at <= :at)
        ORDER BY occurred_at DESC, id DESC LIMIT :more)
      UNION ALL
      (SELECT coalesce(sent_at, settled_at, created_at), 'm' || lpad(id::text, 19, '0'), 'message.' || state,
              '{}'::jsonb,
              jsonb_build_object('id', id, 'channel', channel, 'state', state, 'reason', reason, 'cause', cause,
                                 'topic', topic, 'subject', subject, 'body_preview', body_preview, 'due_at', due_at,
                                 'detail', detail)
         FROM messages
        WHERE member_id = :member_id
          AND (CAST(:at AS timestamptz) IS NULL OR coalesce(sent_at, settled_at, created_at) <= :at)
        ORDER BY 1 DESC, id DESC LIMIT :more)
      UNION ALL
      (SELECT given_at, 'c' || lpad(max(id)::text, 19, '0'),
              CASE WHEN granted THEN 'consent.given' ELSE 'consent.withdrawn' END,
              jsonb_build_object('source', source, 'answers',
                                 jsonb_agg(jsonb_build_array(channel, topic) ORDER BY channel, topic)), NULL
         FROM consents
        WHERE member_id = :member_id AND (CAST(:at AS timestamptz) IS NULL OR given_at <= :at)
        GROUP BY given_at, recorded_at, granted, source
        ORDER BY 1 DESC, 2 DESC LIMIT :more)
      UNION ALL
      (SELECT told.at, told.key || lpad(s.id::text, 19, '0'), told.type,
              jsonb_build_object('channel', s.channel, 'reason', s.reason), NULL
         FROM members w
         JOIN suppressions s
           ON s.address IN (w.email_key, w.phone) AND (s.channel = 'email') = (s.address = w.email_key)
         CROSS JOIN LATERAL (VALUES (s.since, 's', 'address.suppressed'), (s.lifted_at, 't', 'address.lifted'))
           AS told (at, key, type)
        WHERE w.id = :member_id AND told.at <= coalesce(CAST(:at AS timestamptz), 'infinity')
        ORDER BY 1 DESC, 2 DESC LIMIT :more)) AS story
     WHERE CAST(:at AS timestamptz) IS NULL OR (at, key) < (:at, :key)
     ORDER BY at DESC, key DESC LIMIT :limit""")


def page(session: Session, member_id: int, *, cursor: str | None = None, limit: int = 50) -> Story:
    """A page of the story. Raises `Unacceptable` for a cursor that is none of ours."""
    at, key = _read(cursor) if cursor else (None, None)
    # Moments of the very instant of `at` were seen in part: enough of them are read to have a page left.
    asked = {"member_id": member_id, "at": at, "key": key, "limit": limit + 1, "more": limit + 1 + SAME_INSTANT}
    moments = [Moment(*row) for row in session.execute(_STORY, asked)]
    return Story(moments[:limit], _write(moments[limit - 1]) if len(moments) > limit else None)


def _write(last: Moment) -> str:
    return urlsafe_b64encode(f"{last.at.isoformat()} {last.key}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        raw = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True) if cursor.isascii() else b""
        instant, key = raw.decode("ascii").split(" ")
        at = datetime.fromisoformat(instant)
        if at.tzinfo is None or not _KEY.fullmatch(key):
            raise ValueError(cursor)
    except ValueError:
        raise Unacceptable.at("cursor", say("This cursor is none of ours. Use `next` of the page before.")) from None
    return at, key


_HOW_IT_WENT = {
    MessageState.SENT: "Sent by {channel}",
    MessageState.DELIVERED: "Delivered by {channel}",
    MessageState.BOUNCED: "Came back: {channel}",
    MessageState.FAILED: "Could not be sent by {channel}",
    MessageState.UNSURE: "May have been sent by {channel}",
    MessageState.CANCELLED: "Not sent by {channel} ({reason})",
    MessageState.SKIPPED: "Not sent by {channel} ({reason})",
}


def _of_message(message: Mapping[str, Any]) -> str:
    words = _HOW_IT_WENT.get(message["state"], "Planned for {channel}")
    told = words.format(channel=message["channel"], reason=message["reason"])
    about = message["subject"] or message["body_preview"] or message["cause"]
    return f"{told}: {about}"


def _of_event(kind: str, properties: Mapping[str, Any]) -> str:
    if kind in _CONSENT:
        told = ", ".join(" ".join(answer) for answer in properties["answers"])
        return f"{_CONSENT[kind]} ({properties['source']}): {told}"
    if kind in _ADDRESS:
        return f"{_ADDRESS[kind]}: {properties['channel']} ({properties['reason']})"
    known = CATALOGUE.get(kind)
    facts = [str(properties[name]) for name in _TELLING if properties.get(name) not in (None, "")]
    return ": ".join(filter(None, (known.words if known else kind, " ".join(facts))))


_CONSENT = {"consent.given": "Agreed", "consent.withdrawn": "Took back"}
_ADDRESS = {"address.suppressed": "Not written to any more", "address.lifted": "Written to again"}
_TELLING = ("tag", "name", "points", "amount", "currency", "location", "reason")
