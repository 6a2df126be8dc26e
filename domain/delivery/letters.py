"""Rendering a claimed batch: wording compiled once a version, headers built once a sender, recipients spliced in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.content import templates
from domain.content.dkim import DkimSigner
from domain.content.email import EmailSkeleton, Heading
from domain.content.links import LinkSigner
from domain.content.templates import Prepared
from domain.delivery import contexts, counted_links, sender_domains
from domain.delivery.batches import Letter
from domain.delivery.contexts import UNSUBSCRIBE, Cafe, Recipient
from domain.delivery.counted_links import CountedLinks
from domain.delivery.outbox import Claimed
from domain.delivery.ports import ApprovedWording, Outgoing
from domain.errors import Unacceptable
from domain.sentences import say
from models.gateway import GatewayAccount
from models.message import Channel
from models.template import Template, TemplateVersion

PREVIEW = 300  # characters of the text that are kept


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the café's sender, the host that message ids and the default sender carry, the links' signer, and
    what signs the mails of its domain."""

    tenant_id: int
    sender: str
    sender_name: str
    host: str
    signer: LinkSigner
    dkim: DkimSigner | None = None

    def signed(self, mail: bytes, now: datetime) -> bytes:
        """A finished mail, signed where the domain has a key."""
        return mail if self.dkim is None else self.dkim.sign(mail, now=now)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Letters ready to go, and what is wrong with the messages that could not become one, by message id."""

    letters: list[Letter]
    failed: dict[int, str]


def letterhead(session: Session, account: GatewayAccount, here: Cafe, *, host: str, signer: LinkSigner) -> Letterhead:
    """The account's own sender, else `<slug>@<host>` under the café's name."""
    sender = account.sender or f"{here.slug}@{host}"
    dkim = sender_domains.signer_for(session, sender) if account.channel == Channel.EMAIL else None
    return Letterhead(here.id, sender, account.sender_name or here.name, host, signer, dkim)


def render(session: Session, messages: Sequence[Claimed], here: Cafe, head: Letterhead, *, now: datetime) -> Rendered:
    """Every message as it leaves. One that cannot be rendered never stops the others."""
    wordings = _wordings(session, messages)
    wanted = frozenset({UNSUBSCRIBE}.union(*(each.names for each in wordings.values())))
    recipients = contexts.load(session, messages, here, head.signer, wanted)
    links = counted_links.load(session, wordings.values(), here.id, head.signer)
    rendered = Rendered([], {})
    for message in messages:
        wording = wordings.get(message.template_id) if message.template_id is not None else None
        try:
            rendered.letters.append(_letter(message, recipients.get(message.id), wording, links, head, now))
        except Unacceptable as refusal:
            rendered.failed[message.id] = refusal.detail
    return rendered


def _letter(
    message: Claimed,
    recipient: Recipient | None,
    wording: Prepared | None,
    links: CountedLinks,
    head: Letterhead,
    now: datetime,
) -> Letter:
    if recipient is None or not recipient.address:
        raise Unacceptable(say("The member has no address any more."))
    if wording is None:
        subject, body, text = _as_written(message, recipient, head, now)
    else:
        counted = links.of(message.id, wording) if recipient.is_counted else {}
        recipient.values.update({**wording.plain_links, **counted})
        subject, body, text = _filled(message, recipient, wording, head, now)
        text = text if wording.has_pixel else _with_plain_links(text, counted, wording)
    approved = _approved(wording, recipient) if wording and wording.approved_as else None
    outgoing = Outgoing(message.id, recipient.address, body, _ref(message, head), message.expires_at, approved)
    return Letter(
        outgoing, message.channel, message.member_id, message.topic, message.attempts, subject, text[:PREVIEW]
    )


def _approved(wording: Prepared, recipient: Recipient) -> ApprovedWording:
    """The approved wording with what fills its gaps: each is one line there, and breaks are refused."""
    filled = (each.render(recipient.values, locale=recipient.locale) for each in wording.gaps)
    return ApprovedWording(wording.approved_as or "", tuple(" ".join(each.split()) for each in filled))


def _with_plain_links(text: str, counted: Mapping[str, str], wording: Prepared) -> str:
    """What is kept of a text: whoever reads it again clicks for themselves, not for the guest."""
    for name, url in counted.items():
        text = text.replace(url, wording.plain_links[name])
    return text


def _filled(
    message: Claimed, recipient: Recipient, wording: Prepared, head: Letterhead, now: datetime
) -> tuple[str | None, str | bytes, str]:
    """Subject, what goes out, and its plain text."""
    text = wording.text.render(recipient.values, locale=recipient.locale)
    if wording.subject is None or wording.html is None:
        return None, text, text
    subject = wording.subject.render(recipient.values, locale=recipient.locale)
    name, url = recipient.name, recipient.values[UNSUBSCRIBE]
    heading = Heading(recipient.address, subject, _message_id(message, head), now, to_name=name, unsubscribe_url=url)
    html = wording.html.render_quoted(recipient.values, locale=recipient.locale)
    mail = _skeleton(head.sender, head.sender_name).splice(heading, html=html, text=text)
    return subject, head.signed(mail, now), text


def _as_written(
    message: Claimed, recipient: Recipient, head: Letterhead, now: datetime
) -> tuple[str | None, str | bytes, str]:
    """A message that carries its own finished words: a test."""
    if not message.values or "text" not in message.values:
        raise Unacceptable(say("The template is gone."))
    text = message.values["text"]
    if message.channel != Channel.EMAIL:
        return None, text, text
    subject = message.values["subject"]
    heading = Heading(recipient.address, subject, _message_id(message, head), now)
    mail = _skeleton(head.sender, head.sender_name).splice(heading, html=message.values["html"], text=text)
    return subject, head.signed(mail, now), text


def _ref(message: Claimed, head: Letterhead) -> str:
    """Our own name for the message: the same at every attempt."""
    return f"{head.tenant_id}.{message.id}"


def _message_id(message: Claimed, head: Letterhead) -> str:
    return f"<{_ref(message, head)}@{head.host}>"


def _wordings(session: Session, messages: Sequence[Claimed]) -> dict[int, Prepared]:
    ids = {each.template_id for each in messages if each.template_id is not None}
    if not ids:
        return {}
    newest = (
        select(TemplateVersion, Template.channel, Template.approved_as)
        .join(
            Template,
            (Template.tenant_id == TemplateVersion.tenant_id)
            & (Template.id == TemplateVersion.template_id)
            & (Template.version == TemplateVersion.number),
        )
        .where(Template.id.in_(ids))
    )
    found = session.execute(newest)
    return {
        version.template_id: templates.to_leave(version, channel, approved_as=approved_as)
        for version, channel, approved_as in found
    }


@lru_cache(maxsize=256)
def _skeleton(sender: str, sender_name: str) -> EmailSkeleton:
    return EmailSkeleton(sender=sender, sender_name=sender_name)
