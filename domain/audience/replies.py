"""What a guest texts back. A STOP counts in any reasonable wording, at once, for whatever we send by text."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience import consent, suppression
from models.member import Member
from models.message import Channel
from models.tenant import Tenant

# As a whole text these are a no everywhere; the networks themselves answer the English ones.
_CARRIER_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
_WHOLE_TEXTS = _CARRIER_WORDS | {
    "opt out",
    "stop all",
    "abmelden",
    "abbestellen",
    "aufhören",
    "ende",
    "nein",
    "no",
    "no mas",
    "no más",
    "arret",
    "arrêt",
    "basta",
    "remove me",
}
# Inside a sentence only what can hardly mean anything else.
_INSIDE = re.compile(
    r"\b(stop|stopp|stoppen|unsubscribe|optout|opt out|abmelden|abbestellen|keine sms|no more texts|remove me)\b"
)


def is_stop(body: str) -> bool:
    """Whether a text asks us to stop. In doubt it does: a guest who stays can say so again."""
    words = _plain(body)
    return words in _WHOLE_TEXTS or _INSIDE.search(words) is not None


def take(session: Session, tenant: Tenant, *, sender: str, body: str, said_stop: bool, now: datetime) -> str:
    """Let a text from `sender` (E.164) take effect and return what to answer, "" for nothing.

    `said_stop` is the provider's own reading. A STOP closes all topics by text for the member with this number; a
    number that is nobody's is suppressed, so that it stays closed when somebody joins with it. The networks confirm
    their own words themselves, and what was closed already is not confirmed again.
    """
    if not (said_stop or is_stop(body)):
        return ""
    if not _close(session, sender, body, now=now) or said_stop or _plain(body) in _CARRIER_WORDS:
        return ""
    return f"{tenant.name}: you will get no more texts from us."


def _close(session: Session, sender: str, body: str, *, now: datetime) -> bool:
    member_id = session.scalar(select(Member.id).where(Member.phone == sender, Member.erased_at.is_(None)))
    if member_id is None:
        return suppression.suppress(session, Channel.SMS, sender, reason="opted_out", now=now)
    proof = consent.Proof(source="text message", given_at=now, wording=body[:1600], address=sender)
    return bool(consent.withdraw(session, member_id, proof, now=now, channel=Channel.SMS))


def _plain(body: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", body.lower()).split())
