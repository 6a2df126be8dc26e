"""The people of a café's loyalty programme: found, enrolled, changed, searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, any_, func, or_, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.audience import addresses, aliases, suppression
from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.loyalty import identities, summaries
from domain.sentences import say
from models.event import Event
from models.member import Member
from models.tenant import Tenant

PROFILE = ("first_name", "last_name", "email", "phone", "birthday")
PLAIN = ("first_name", "last_name", "card", "birthday", "joined_on", "locale", "timezone", "country", "attributes")
TAKEN = {
    "uq_members_email": ("email", say("Another member has this e-mail address.")),
    "uq_members_phone": ("phone", say("Another member has this phone number.")),
    "uq_members_card": ("card", say("Another member has this card.")),
    "uq_members_external_id": ("external_id", say("Another member has this number.")),
}
HIGHEST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Upserted:
    """The member after the change, and whether they are new."""

    member: Member
    is_new: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of the profile is known, and which fields are not."""

    percent: int
    missing: list[str]


def get(session: Session, external_id: str) -> Member:
    """The member with this number, also one of a row that was merged into theirs; an erased one is not there."""
    member = session.scalar(_living().where(Member.external_id == external_id))
    member = member or _by_alias(session, "external_id", external_id)
    if member is None:
        raise NotFound(say("There is no member with this number."))
    return member


def find(session: Session, tenant: Tenant, reference: Mapping[str, str]) -> Member | None:
    """The member that `{"external_id" | "email" | "phone" | "card": …}` points at, also by a merged row's."""
    field, value = next(iter(reference.items()))
    if field == "email":
        value = value.strip().lower()
    elif field == "phone":
        value = addresses.phone(value, country=tenant.country).number
    column = Member.email_key if field == "email" else getattr(Member, field)
    return session.scalar(_living().where(column == value)) or _by_alias(session, field, value)


def upsert(
    session: Session, tenant: Tenant, external_id: str, changes: Mapping[str, Any], *, now: datetime
) -> Upserted:
    """Enrol or change a member. A field that is absent stays as it is, one that is None is cleared.

    An e-mail address, phone or card that another member has is a `Conflict`, and nothing is written. The number of a
    merged row changes the member who was kept, but for the addresses that the row had and they do not go by.
    """
    values = _checked(tenant, changes)
    identities.hold(session)
    member = session.scalar(_living().where(Member.external_id == external_id).with_for_update(key_share=True))
    if member is None and (member := _by_alias(session, "external_id", external_id, hold=True)):
        values = aliases.without_theirs(session, member.id, values)
    _refuse_of_merged(session, member, values)
    is_new = member is None
    try:
        with session.begin_nested():
            member = member or _enrol(session, tenant, external_id, now=now)
            for field, value in values.items():
                setattr(member, field, value)
            member.updated_at = now
            session.flush()
    except IntegrityError as error:
        raise _taken(error) from error
    if is_new:
        _tell_they_joined(session, member, now=now)
    if values.get("email") or values.get("phone"):
        suppression.recall(session, [member.id])
    summaries.touch(session, [member.id], now=now)
    return Upserted(member, is_new)


def completeness(member: Member) -> Completeness:
    """Which of the profile's fields are known."""
    missing = [field for field in PROFILE if not getattr(member, field)]
    return Completeness(100 * (len(PROFILE) - len(missing)) // len(PROFILE), missing)


def search(words: str, *, before_id: int | None, limit: int) -> Select[Member]:
    """Members whose names, addresses, card or number begin with `words`, newest first.

    Every word is compared by its beginning, as ranges over byte-wise keys: indexes serve them, row-level security
    stays on, and a hundred thousand members answer in milliseconds.
    """
    newest = select(Member).order_by(Member.id.desc())
    if not words.strip():
        page = newest.where(Member.erased_at.is_(None)).limit(limit)
        return page if before_id is None else page.where(Member.id < before_id)
    found = found_by(words).subquery()
    ids = select(found.c.id).order_by(found.c.id.desc()).limit(limit)
    if before_id is not None:
        ids = ids.where(found.c.id < before_id)
    # An array of a page's ids: whatever statistics say, it is never joined with everything that was found.
    return newest.where(Member.id == any_(func.array(ids.scalar_subquery())))


def found_by(words: str) -> Select[int]:
    """The ids of living members that a search for `words` finds; there must be at least one word."""
    return _matching(words.strip().lower().split())


def _matching(words: list[str]) -> Select[int]:
    names = (Member.first_name_key, Member.last_name_key)
    if len(words) == 1:
        keys = (*names, Member.email_key, Member.phone, Member.card, Member.external_id)
        ranges = [select(Member.id).where(_begins(key, words[0])) for key in keys]
        ranges += [select(Member.id).where(_begins(key, words[0].upper())) for key in (Member.card, Member.external_id)]
    else:
        first, *_, last = words
        ranges = [
            select(Member.id).where(_begins(names[0], first), _begins(names[1], last)),
            select(Member.id).where(_begins(names[1], first), _begins(names[0], last)),
            select(Member.id).where(or_(*(_begins(name, " ".join(words)) for name in names))),
            select(Member.id).where(_begins(Member.phone, "".join(words))),
        ]
    return select(union(*(each.where(Member.erased_at.is_(None)) for each in ranges)).subquery().c.id)


def _begins(key: Any, word: str) -> Any:
    return (key >= word) & (key < word + HIGHEST)


def _living() -> Select[Member]:
    return select(Member).where(Member.erased_at.is_(None))


def _refuse_of_merged(session: Session, member: Member | None, values: Mapping[str, Any]) -> None:
    """What a merged row had is still its person's."""
    taken = aliases.of_others(session, member.id if member else None, values)
    if taken:
        words = TAKEN[f"uq_members_{taken}"][1]
        raise Conflict(words, [FieldError(taken, words)])


def _by_alias(session: Session, kind: str, value: str, *, hold: bool = False) -> Member | None:
    member_id = aliases.find(session, kind, value)
    if member_id is None:
        return None
    query = _living().where(Member.id == member_id)
    return session.scalar(query.with_for_update(key_share=True) if hold else query)


def _enrol(session: Session, tenant: Tenant, external_id: str, *, now: datetime) -> Member:
    today = now.astimezone(ZoneInfo(tenant.timezone)).date()
    member = Member(
        tenant_id=tenant.id, external_id=external_id, joined_on=today, attributes={}, created_at=now, updated_at=now
    )
    session.add(member)
    return member


def _tell_they_joined(session: Session, member: Member, *, now: datetime) -> None:
    session.add(
        Event(
            tenant_id=member.tenant_id,
            type="registration.completed",
            member_id=member.id,
            occurred_at=now,
            properties={},
        )
    )
    session.flush()


def _checked(tenant: Tenant, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes in our spelling. `email` and `phone` may be as people type them."""
    values = {field: changes[field] for field in PLAIN if field in changes}
    if values.get("joined_on", ...) is None:
        raise Unacceptable.at("joined_on", say("Every member joined on some day: leave it out or give a date."))
    if "attributes" in values:
        values["attributes"] = values["attributes"] or {}
    if values.get("timezone"):
        _known_zone(values["timezone"])
    if "email" in changes:
        values["email"] = addresses.email(changes["email"]) if changes["email"] else None
    if "phone" in changes:
        values |= _phone(changes["phone"], values.get("country") or tenant.country)
    return values


def _phone(typed: str | None, country: str) -> dict[str, Any]:
    if not typed:
        return {"phone": None, "phone_country": None, "phone_takes_texts": False}
    phone = addresses.phone(typed, country=country)
    return {"phone": phone.number, "phone_country": phone.country, "phone_takes_texts": phone.takes_texts}


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Unacceptable.at("timezone", say("No such time zone. Write it like Europe/Vienna.")) from error


def _taken(error: IntegrityError) -> Exception:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name not in TAKEN:
        return error
    field, words = TAKEN[name]
    return Conflict(words, [FieldError(field, words)])
