"""Templates: saved, changed, previewed."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import g
from pydantic import ConfigDict, Field
from sqlalchemy import select

from domain import clock
from domain.content import templates
from domain.content.placeholders import Occasion
from domain.content.templates import EmailPreview, TextPreview
from domain.content.wordings import Wording
from domain.delivery import counted_links
from models.database import db
from models.message import Channel
from models.template import Template
from tasks.settings import signer
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.preview import values_of
from web.blueprints.api.references import the_member
from web.blueprints.api.shapes import Answer, Body, Id, MemberReference, Name

bp = Noun("templates", "What messages say: wording with placeholders, one per channel.")

ChannelCode = Literal[tuple(channel.value for channel in Channel)]  # type: ignore[valid-type]
OccasionCode = Literal[tuple(occasion.value for occasion in Occasion)]  # type: ignore[valid-type]
APPROVED = "Only for WhatsApp: the id of the approved wording; its gaps are the placeholders of the body, in order."
Source = Annotated[str, Field(max_length=64 * 1024)]


class TemplatePath(Body):
    """Which template."""

    template_id: Id


class TemplateBody(Body):
    """A new template. E-mails have a subject, and a body or blocks; everything else only a body."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Reward unlocked",
                    "channel": "sms",
                    "body": "{{ member.first_name }}, you've unlocked a reward! Get {{ reward.discount }} off.",
                }
            ]
        }
    )

    name: Name
    channel: ChannelCode
    subject: Annotated[str, Field(max_length=250)] | None = None
    body: Source | None = None
    blocks: Annotated[list[dict[str, Any]], Field(max_length=100)] | None = None
    occasion: OccasionCode = Field("any", description="Which placeholders exist.")
    approved_as: Annotated[str, Field(max_length=200, description=APPROVED)] | None = None


class TemplateChange(Body):
    """What to change; absent = unchanged. The channel stays."""

    name: Name = None  # type: ignore[assignment]
    subject: Annotated[str, Field(max_length=250)] | None = None
    body: Source | None = None
    blocks: Annotated[list[dict[str, Any]], Field(max_length=100)] | None = None
    occasion: OccasionCode = None
    approved_as: Annotated[str, Field(max_length=200, description=APPROVED)] | None = None


class TemplateAnswer(Answer):
    """A template as it was saved last."""

    id: int
    name: str
    channel: str
    subject: str | None
    body: str | None
    blocks: list[dict[str, Any]] | None
    occasion: str
    approved_as: str | None
    version: int = Field(description="Grows with each change of what members read.")
    created_at: datetime
    updated_at: datetime


class PreviewBody(Body):
    """For whom to preview; without a member every placeholder shows its example."""

    member: MemberReference = None  # type: ignore[assignment]


class PreviewAnswer(Answer):
    """What one member would read: an e-mail, or a text with what it takes to send it."""

    subject: str = None  # type: ignore[assignment]
    html: str = None  # type: ignore[assignment]
    text: str
    encoding: Literal["GSM-7", "UCS-2"] = None  # type: ignore[assignment]
    units: int = None  # type: ignore[assignment]
    parts: int = None  # type: ignore[assignment]


@bp.operation("GET", "/templates", answers={200: pages.listing(TemplateAnswer)})
def index(query: Page) -> Reply:
    """Templates in use, newest first"""
    in_use = select(Template).where(Template.archived_at.is_(None))
    return pages.by_id(in_use, Template.id, query, lambda rows: [as_answer(row) for row in rows])


@bp.operation("POST", "/templates", scopes=["content:write"], answers={201: TemplateAnswer})
def create(body: TemplateBody) -> Reply:
    """Save a new template"""
    template = templates.save(db.session, g.tenant, Wording(**body.model_dump()), now=clock.now())
    return Reply(201, as_answer(template))


@bp.operation("GET", "/templates/<int:template_id>", answers={200: TemplateAnswer})
def show(path: TemplatePath) -> Reply:
    """One template"""
    return Reply(200, as_answer(templates.get(db.session, path.template_id)))


@bp.operation("PATCH", "/templates/<int:template_id>", scopes=["content:write"], answers={200: TemplateAnswer})
def change(path: TemplatePath, body: TemplateChange) -> Reply:
    """Save a new version of a template"""
    template = templates.get(db.session, path.template_id)
    wording = replace(templates.wording_of(template), **body.given())
    return Reply(200, as_answer(templates.save(db.session, g.tenant, wording, now=clock.now(), template=template)))


@bp.operation("POST", "/templates/<int:template_id>/preview", answers={200: PreviewAnswer})
def preview(path: TemplatePath, body: PreviewBody) -> Reply:
    """What one member would read"""
    template = templates.get(db.session, path.template_id)
    member = the_member(body.member) if body.member else None
    version = templates.current(db.session, template)
    values = values_of(member, version) if member else {}
    locale = (member.locale if member else None) or g.tenant.locale
    link = counted_links.example(signer(), g.tenant, member) if template.channel == Channel.SMS else None
    return Reply(200, _previewed(templates.preview(version, values, locale=locale, counted_link=link)))


def as_answer(template: Template) -> dict[str, Any]:
    """The template as its noun answers it."""
    plain = ("id", "name", "channel", "subject", "body", "blocks", "occasion", "approved_as", "version")
    return {name: getattr(template, name) for name in plain} | {
        "created_at": template.created_at.isoformat(),
        "updated_at": template.updated_at.isoformat(),
    }


def _previewed(made: EmailPreview | TextPreview) -> dict[str, Any]:
    if isinstance(made, EmailPreview):
        return {"subject": made.subject, "html": made.html, "text": made.text}
    return {"text": made.text, "encoding": made.encoding.value, "units": made.units, "parts": made.parts}
