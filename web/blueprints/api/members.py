"""Members: enrolled, changed, shown, forgotten."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from flask import g
from pydantic import AfterValidator, ConfigDict, Field, model_validator
from sqlalchemy import select

from domain import clock
from domain.accounts import audit
from domain.audience import consent, erasure, freshness, members, wordings
from domain.audience.members import Upserted
from domain.errors import Conflict, Unacceptable
from domain.insight import timeline
from domain.insight.timeline import Moment
from models.database import db
from models.member import Member
from web.blueprints.api import auth, pages, profiles
from web.blueprints.api.noun import Noun, Reply, canonical
from web.blueprints.api.nudges import look_at_members
from web.blueprints.api.pages import Page
from web.blueprints.api.profiles import MemberAnswer
from web.blueprints.api.shapes import Answer, Body, Day, ExternalId, Instant, Line, Scalar

bp = Noun("members", "The people of the café's loyalty programme.")

LARGEST_ATTRIBUTES = 16 * 1024
CLOCKS_DIFFER = timedelta(minutes=10)
TILL_FORM = "till form"
LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Z]{2}|\d{3}))?")


def _small(attributes: dict[str, Any] | None) -> dict[str, Any] | None:
    if attributes and len(canonical(attributes)) > LARGEST_ATTRIBUTES:
        raise ValueError("Attributes are at most 16 KiB together.")
    return attributes


def _locale(text: str | None) -> str | None:
    if text is not None and not LOCALE.fullmatch(text):
        raise ValueError("Write the language like de or de-AT.")
    return text


class MemberPath(Body):
    """Which member."""

    external_id: ExternalId


class MemberBody(Body):
    """What to know about a member. Absent = unchanged, null = cleared."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "first_name": "Nora",
                    "email": "nora@example.com",
                    "phone": "0660 1234567",
                    "consents": {"email": {"rewards": True}},
                    "consent_source": "till form",
                }
            ]
        }
    )

    first_name: Line | None = None
    last_name: Line | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    phone: Annotated[str, Field(min_length=3, max_length=40)] | None = Field(
        None, description="E.164, or as people of the café's country write it."
    )
    card: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    birthday: Day | None = None
    joined_on: Day | None = None
    locale: Annotated[str | None, AfterValidator(_locale)] = Field(None, examples=["de-AT"])
    timezone: Line | None = Field(None, examples=["Europe/Vienna"])
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(None, examples=["AT"])
    attributes: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], Scalar] | None, AfterValidator(_small)
    ] = None
    consents: dict[str, dict[str, bool]] = Field(
        default={}, description="`{channel: {topic: bool}}`; needs `consent_source`."
    )
    consent_source: Annotated[Line, Field(min_length=1)] | None = None
    consent_at: Instant | None = Field(None, description="When the member said so; without it a yes opens less.")

    @model_validator(mode="after")
    def _said_where(self) -> "MemberBody":
        if self.consents and not self.consent_source:
            raise ValueError("consents needs consent_source: say where the member said so.")
        return self


class TimelineMessage(Answer):
    """The message that was sent, or was not."""

    id: int
    channel: str
    topic: str
    cause: str
    state: str
    reason: str | None
    subject: str | None
    body_preview: str | None
    due_at: datetime


class TimelineItem(Answer):
    """One thing that happened to a member."""

    at: datetime
    type: str
    summary: str
    message: TimelineMessage = None  # type: ignore[assignment]


@bp.operation("GET", "/members", scopes=["members:read"], answers={200: pages.listing(MemberAnswer)})
def index(query: Page) -> Reply:
    """Members, newest first"""
    return pages.by_id(select(Member).where(Member.erased_at.is_(None)), Member.id, query, profiles.of_members)


@bp.operation("GET", "/members/<path:external_id>", scopes=["members:read"], answers={200: MemberAnswer})
def show(path: MemberPath) -> Reply:
    """One member"""
    member = members.get(db.session, path.external_id)
    return Reply(200, profiles.of_members([member])[0])


@bp.operation(
    "GET",
    "/members/<path:external_id>/timeline",
    scopes=["members:read"],
    answers={200: pages.listing(TimelineItem)},
)
def story(path: MemberPath, query: Page) -> Reply:
    """Everything that happened to and was sent to a member, or not sent and why; newest first"""
    member = members.get(db.session, path.external_id)
    told = timeline.page(db.session, member.id, cursor=query.cursor, limit=query.limit)
    return Reply(200, {"items": [_moment(each) for each in told.items], "next": told.next})


@bp.operation(
    "PUT",
    "/members/<path:external_id>",
    scopes=["members:write"],
    answers={200: MemberAnswer, 201: MemberAnswer},
    refusals=[409],
)
def put(path: MemberPath, body: MemberBody) -> Reply:
    """Enrol or change a member"""
    saved = _save(path.external_id, body)
    freshness.look_at(db.session(), g.tenant, saved.member.id, now=clock.now())
    return _told(saved)


@bp.operation("DELETE", "/members/<path:external_id>", scopes=["members:write"], answers={204: None})
def erase(path: MemberPath) -> Reply:
    """Erase the person, keep the anonymous ledger"""
    now = clock.now()
    member = members.get(db.session, path.external_id)
    erasure.erase(db.session, member, now=now)
    audit.record(db.session, actor=auth.actor(), action="member.erased", subject=f"member:{member.id}", now=now)
    return Reply(204, None)


def save(external_id: str, body: MemberBody) -> Reply:
    """The same for a line of a batch: tags and segments look a little later."""
    return _told(_save(external_id, body))


def _save(external_id: str, body: MemberBody) -> Upserted:
    """Upsert the member and record what they said."""
    now = clock.now()
    changes = {name: value for name, value in body.given().items() if not name.startswith("consent")}
    answers = consent.read(body.consents)
    if body.consent_at and body.consent_at > now + CLOCKS_DIFFER:
        raise Unacceptable.at("consent_at", "This is in the future.")
    saved = _upsert(external_id, changes, now=now)
    if answers:
        consent.record(db.session, saved.member.id, answers, _proof(saved.member, body), now=now)
    look_at_members()
    return saved


def _told(saved: Upserted) -> Reply:
    return Reply(201 if saved.is_new else 200, profiles.of_members([saved.member])[0])


def _proof(member: Member, body: MemberBody) -> consent.Proof:
    """How we know. A yes from the till's form was said to the words that the café has for it."""
    source = body.consent_source or "api"
    wording = version = ""
    if source.casefold() == TILL_FORM:
        asked = wordings.current(db.session, g.tenant, wordings.TILL, member.locale or g.tenant.locale)
        wording, version = asked.words, asked.version
    return consent.Proof(source, body.consent_at, wording, version, recorded_by=auth.actor())


def _moment(moment: Moment) -> dict[str, Any]:
    told = {"at": moment.at.isoformat(), "type": moment.type, "summary": moment.summary}
    if moment.message is None:
        return told
    return told | {"message": {name: moment.message[name] for name in TimelineMessage.model_fields}}


def _upsert(external_id: str, changes: dict[str, Any], *, now: datetime) -> Upserted:
    try:
        return members.upsert(db.session, g.tenant, external_id, changes, now=now)
    except Conflict:
        # The same member may have been enrolled in this very moment: now they are there to be changed.
        return members.upsert(db.session, g.tenant, external_id, changes, now=now)
