"""What a café asks its guests when they say yes: a text per place and language, each version kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, Unacceptable
from domain.sentences import say
from models.consent import Wording
from models.tenant import Tenant

PREFERENCES, JOIN, TILL = PLACES = ("preferences", "join", "till")
LANGUAGES = ("en", "de")
SHORTEST, LONGEST = 20, 600

# Version 1 of every place, before a café writes its own. They name the café, what comes, and the way out.
OURS: Mapping[tuple[str, str], str] = {
    (PREFERENCES, "en"): "{cafe} may send me what is switched on here. I can change this at any time.",
    (PREFERENCES, "de"): "{cafe} darf mir senden, was hier eingeschaltet ist. Ich kann das jederzeit ändern.",
    (JOIN, "en"): "Yes, {cafe} may send me news and offers by e-mail. I can stop it at any time, in every e-mail.",
    (JOIN, "de"): "Ja, {cafe} darf mir Neuigkeiten und Angebote per E-Mail senden. "
    "Ich kann das jederzeit in jeder E-Mail beenden.",
    (TILL, "en"): "Yes, {cafe} may write to me by e-mail and text message about what I ticked. "
    "I can stop it at any time: in every message, or here.",
    (TILL, "de"): "Ja, {cafe} darf mir per E-Mail und SMS zu dem schreiben, was ich angekreuzt habe. "
    "Ich kann das jederzeit beenden: in jeder Nachricht oder hier.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in one place and language, with the café's name in it; `version` names it for good."""

    place: str
    language: str
    number: int
    words: str
    created_at: datetime | None = None  # none: ours, there from the beginning

    @property
    def version(self) -> str:
        """As a consent keeps it: `join de 2`."""
        return f"{self.place} {self.language} {self.number}"


def current(session: Session, tenant: Tenant, place: str, language: str) -> Words:
    """What is asked now. A language we have no words in is answered in English."""
    language = language[:2] if language[:2] in LANGUAGES else LANGUAGES[0]
    newest = select(Wording).where(Wording.place == place, Wording.language == language)
    row = session.scalar(newest.order_by(Wording.number.desc()).limit(1))
    return _named(row, tenant) if row else _ours(place, language, tenant)


def everything(session: Session, tenant: Tenant) -> dict[tuple[str, str], list[Words]]:
    """Every version of every place and language, the newest first, ours last."""
    kept: dict[tuple[str, str], list[Words]] = {(place, language): [] for place, language in OURS}
    for row in session.scalars(select(Wording).order_by(Wording.number.desc())):
        kept[row.place, row.language].append(_named(row, tenant))
    return {key: [*versions, _ours(*key, tenant)] for key, versions in kept.items()}


def change(session: Session, tenant: Tenant, place: str, language: str, words: str, *, now: datetime) -> Words:
    """Ask in other words from now on; the same words as now are no new version.

    Raises `Unacceptable` for words too short to say anything, or that don't name the café.
    """
    words = " ".join(words.split())
    if not SHORTEST <= len(words) <= LONGEST:
        raise Unacceptable.at(
            "words",
            say(
                "Write %(least)s to %(most)s characters: who may send what, and how it ends.",
                least=SHORTEST,
                most=LONGEST,
            ),
        )
    if tenant.name not in words:
        raise Unacceptable.at("words", say("Say who asks: the name “%(name)s” must be in it.", name=tenant.name))
    before = current(session, tenant, place, language)
    if words == before.words:
        return before
    row = {"place": place, "language": language, "words": words.replace(tenant.name, "{cafe}"), "created_at": now}
    number = select(func.greatest(func.coalesce(func.max(Wording.number), 1), 1) + 1)
    theirs = number.where(Wording.place == place, Wording.language == language).scalar_subquery()
    added = insert(Wording).values(**row, number=theirs).on_conflict_do_nothing(constraint="uq_wordings_number")
    if session.scalar(added.returning(Wording.id)) is None:
        raise Conflict(say("Somebody else changed these words at the same moment. Look at theirs first."))
    return current(session, tenant, place, language)


def _ours(place: str, language: str, tenant: Tenant) -> Words:
    return Words(place, language, 1, OURS[place, language].replace("{cafe}", tenant.name))


def _named(row: Wording, tenant: Tenant) -> Words:
    words = row.words.replace("{cafe}", tenant.name)
    return Words(row.place, row.language, row.number, words, row.created_at)
