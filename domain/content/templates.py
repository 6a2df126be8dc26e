"""Templates: what owners write, checked and compiled once on saving, each state of it kept as a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.content import countable, frame, rendering, sms, wordings
from domain.content.countable import Countable
from domain.content.frame import Theme
from domain.content.placeholders import Catalogue, Occasion, catalogue, filled
from domain.content.rendering import Compiled, Kind
from domain.content.sms import Encoding
from domain.content.wordings import Wording, blocks_of
from domain.errors import FieldError, NotFound, Unacceptable
from domain.sentences import say
from models.currency import Currency
from models.message import Channel
from models.template import Template, TemplateVersion
from models.tenant import Tenant


@dataclass(frozen=True)
class Draft:
    """Checked texts with gaps that were not saved: to preview while typing."""

    subject: str | None
    html: str | None
    text: str


Content = TemplateVersion | Draft
"""Checked texts with gaps, saved or not."""


@dataclass(frozen=True)
class EmailPreview:
    """An e-mail as one member would read it. `html` is a whole page: show it in a sandbox."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class TextPreview:
    """A text as one member would read it, with what it takes to send it."""

    text: str
    encoding: Encoding
    units: int
    parts: int


@dataclass(frozen=True)
class Prepared:
    """A version ready to be rendered for many. `subject` and `html` are there for e-mails.

    What leaves has `addresses` that stand in gaps of their own, and for e-mails room for a pixel.
    """

    text: Compiled
    subject: Compiled | None = field(default=None)
    html: Compiled | None = field(default=None)
    addresses: tuple[str, ...] = ()
    has_pixel: bool = False
    plain_links: Mapping[str, str] = field(default_factory=dict)
    approved_as: str | None = None
    gaps: Sequence[Compiled] = ()  # of an approved wording, one after the other

    @property
    def names(self) -> frozenset[str]:
        """The placeholders it uses."""
        parts = (self.text, self.subject, self.html)
        return frozenset().union(*(part.names for part in parts if part is not None))


def get(session: Session, template_id: int) -> Template:
    """The café's template of that number, archived or not, or `NotFound`."""
    template = session.scalar(select(Template).where(Template.id == template_id))
    if template is None:
        raise NotFound(say("There is no such template."))
    return template


def listed(*, channel: str | None = None, before_id: int | None = None) -> Select[Template]:
    """The templates in use, newest first; of one channel, or older than a number, if told so. Limit it yourself."""
    query = select(Template).where(Template.archived_at.is_(None)).order_by(Template.id.desc())
    if channel is not None:
        query = query.where(Template.channel == channel)
    return query if before_id is None else query.where(Template.id < before_id)


def current(session: Session, template: Template) -> TemplateVersion:
    """The version members receive now."""
    return session.scalars(
        select(TemplateVersion).where(
            TemplateVersion.template_id == template.id, TemplateVersion.number == template.version
        )
    ).one()


def save(
    session: Session, tenant: Tenant, wording: Wording, *, now: datetime, template: Template | None = None
) -> Template:
    """Check and keep a wording: a new template, or a new version of the one given.

    Raises `Unacceptable` with every problem beside its field (`subject`, `body`, `blocks.2.url`); nothing is written
    then. Saving the same again makes no new version.
    """
    if template and template.channel != wording.channel:
        raise Unacceptable.at("channel", say("A template keeps its channel. Make a new one for another channel."))
    content = draft(session, tenant, wording)
    if template is None:
        template = _new(session, wording, now=now)
        _add_version(session, template, content, now=now)
        return template
    session.refresh(template, with_for_update=True)  # two owners who save at once make two versions
    newest = current(session, template)
    _write(template, wording, now=now)
    if (newest.subject, newest.html, newest.text) != (content.subject, content.html, content.text):
        template.version += 1
        _add_version(session, template, content, now=now)
    session.flush()
    return template


def archive(session: Session, template: Template, *, now: datetime) -> None:
    """Take a template out of use. What speaks with it says `template_missing` from now on."""
    template.archived_at = template.archived_at or now
    session.flush()


def wording_of(template: Template) -> Wording:
    """What the owner typed last, to change parts of it (`dataclasses.replace`) and save again."""
    return Wording(
        name=template.name,
        channel=template.channel,
        subject=template.subject,
        body=template.body,
        blocks=template.blocks,
        occasion=template.occasion,
        approved_as=template.approved_as,
    )


def draft(session: Session, tenant: Tenant, wording: Wording) -> Draft:
    """The texts a wording becomes, without saving. Raises `Unacceptable` as `save` does."""
    if problems := wordings.problems(wording, known_to(session, wording.occasion)):
        raise Unacceptable(say("The template cannot be used as it is."), problems)
    if not wording.is_email:
        return Draft(None, None, wording.body or "")
    email, theme = blocks_of(wording), theme_of(tenant)
    made = Draft((wording.subject or "").strip(), frame.page(email, theme), frame.plain(email, theme))
    prepared(made)  # the whole must hold too, not only its parts
    return made


def preview(
    content: Content, values: Mapping[str, Any], *, locale: str, counted_link: str | None = None
) -> EmailPreview | TextPreview:
    """What one member would read. `values` by dotted name; what is missing shows the registry's example.

    Links are the plain ones. Where clicks in a text are counted, `counted_link` is one as long as those that leave: the
    size is that of the text with these.
    """
    ready = prepared(content)
    text = _rendered(ready.text, values, locale)
    if ready.subject is None or ready.html is None:
        size = sms.measure(_as_it_leaves(content, values, locale, counted_link) if counted_link else text)
        return TextPreview(text, size.encoding, size.units, size.parts)
    return EmailPreview(_rendered(ready.subject, values, locale), _rendered(ready.html, values, locale), text)


def prepared(content: Content) -> Prepared:
    """The content compiled; cheap to ask again."""
    if content.html is None:
        return Prepared(rendering.compile(content.text, Kind.SMS))
    return Prepared(
        rendering.compile(content.text, Kind.TEXT),
        rendering.compile(content.subject or "", Kind.SUBJECT),
        rendering.compile(content.html, Kind.HTML),
    )


def to_leave(content: Content, channel: str, *, approved_as: str | None = None) -> Prepared:
    """The content compiled as it leaves on a channel, so that what guests open and click can be counted; cheap to ask
    again. `approved_as` as in `Wording`."""
    if approved_as is not None:
        return replace(prepared(content), approved_as=approved_as, gaps=rendering.gaps(content.text))
    if content.html is not None:
        page = countable.compile(content.html, Kind.HTML)
        return replace(prepared(content), html=page.compiled, **_counted(page))
    if channel != Channel.SMS:
        return prepared(content)
    words = countable.compile(content.text, Kind.SMS)
    return Prepared(words.compiled, **_counted(words))


def check_fits(session: Session, template: Template, occasion: Occasion | str) -> None:
    """Whether a template can speak on an occasion: all its placeholders have a value then. `Unacceptable` if not."""
    ready, known = prepared(current(session, template)), known_to(session, occasion)
    used = sorted(ready.text.names | (ready.html.names if ready.html else set()))
    used += sorted(ready.subject.names - set(used)) if ready.subject else []
    if missing := [known.why_not(name) for name in used if known.find(name) is None]:
        raise Unacceptable(say("This template does not fit here."), [FieldError("template", each) for each in missing])


def known_to(session: Session, occasion: Occasion | str = Occasion.ANY) -> Catalogue:
    """The placeholders an owner may use on an occasion: the registry's and the café's own currencies."""
    try:
        return catalogue(occasion, session.scalars(select(Currency.code)))
    except ValueError as error:
        there = ", ".join(each.value for each in Occasion)
        raise Unacceptable.at(
            "occasion",
            say("There is no occasion “%(occasion)s”. There are: %(there)s.", occasion=occasion, there=there),
        ) from error


def theme_of(tenant: Tenant) -> Theme:
    """How this café's e-mails look."""
    logo = tenant.settings.get("logo_url") if tenant.settings else None
    return Theme(colour=tenant.colour, logo=logo, language=tenant.locale)


def _as_it_leaves(content: Content, values: Mapping[str, Any], locale: str, counted_link: str) -> str:
    words = countable.compile(content.text, Kind.SMS)
    return _rendered(words.compiled, dict(values) | dict.fromkeys(words.plain, counted_link), locale)


def _counted(found: Countable) -> dict[str, Any]:
    return {"addresses": found.addresses, "has_pixel": found.has_pixel, "plain_links": found.plain}


def _rendered(compiled: Compiled, values: Mapping[str, Any], locale: str) -> str:
    return compiled.render(filled(compiled.names, values), locale=locale)


def _new(session: Session, wording: Wording, *, now: datetime) -> Template:
    template = Template(channel=wording.channel, version=1, created_at=now)
    _write(template, wording, now=now)
    session.add(template)
    session.flush()
    return template


def _write(template: Template, wording: Wording, *, now: datetime) -> None:
    template.name = wording.name.strip()
    template.subject = (wording.subject or "").strip() or None
    template.body = wording.body or None
    template.blocks = [dict(each) for each in wording.blocks] if wording.blocks else None
    template.occasion = Occasion(wording.occasion)
    template.approved_as = wording.approved_as or None
    template.updated_at = now


def _add_version(session: Session, template: Template, content: Draft, *, now: datetime) -> None:
    session.add(
        TemplateVersion(
            template_id=template.id,
            number=template.version,
            subject=content.subject,
            html=content.html,
            text=content.text,
            created_at=now,
        )
    )
    session.flush()
