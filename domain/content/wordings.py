"""What an owner typed for a template, and what is wrong with it, beside its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.content import blocks as parts
from domain.content import rendering, sms
from domain.content.placeholders import Catalogue, Occasion
from domain.content.rendering import Kind
from domain.errors import FieldError, Unacceptable
from domain.sentences import say
from models.message import Channel

LONGEST_NAME = 120
LONGEST_SUBJECT = 250
_APPROVED = re.compile(r"[!-~]{1,200}")  # what a provider calls a wording: no spaces


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What an owner typed. An e-mail has a subject and either a body or blocks, everything else only a body.

    `approved_as`: what WhatsApp calls the wording it has approved; its gaps are the body's placeholders, in order.
    """

    name: str
    channel: str
    subject: str | None = None
    body: str | None = None
    blocks: Sequence[Mapping[str, Any]] | None = None
    occasion: str = Occasion.ANY
    approved_as: str | None = None

    @property
    def is_email(self) -> bool:
        """Whether it becomes an HTML mail."""
        return self.channel == Channel.EMAIL


def problems(wording: Wording, known: Catalogue) -> list[FieldError]:
    """Everything that is wrong with a wording; nothing if it can be saved."""
    found = _name_problems(wording)
    if wording.channel not in {each.value for each in Channel}:
        return [*found, FieldError("channel", say("There is no such channel."))]
    if wording.is_email:
        return found + _subject_problems(wording, known) + _email_problems(wording, known)
    if wording.subject:
        found.append(FieldError("subject", say("Only an e-mail has a subject.")))
    if wording.blocks:
        found.append(FieldError("blocks", say("Only an e-mail is made of blocks.")))
    return found + (_body_problems(wording, known) or _approval_problems(wording))


def _name_problems(wording: Wording) -> list[FieldError]:
    if 0 < len(wording.name.strip()) <= LONGEST_NAME:
        return []
    return [FieldError("name", say("A name has 1 to %(most)s characters.", most=LONGEST_NAME))]


def _subject_problems(wording: Wording, known: Catalogue) -> list[FieldError]:
    subject = (wording.subject or "").strip()
    if not subject:
        return [FieldError("subject", say("An e-mail needs a subject."))]
    if len(subject) > LONGEST_SUBJECT or "\n" in subject or "\r" in subject:
        return [
            FieldError("subject", say("A subject is one line of at most %(most)s characters.", most=LONGEST_SUBJECT))
        ]
    return rendering.check(subject, Kind.SUBJECT, known, "subject")


def _email_problems(wording: Wording, known: Catalogue) -> list[FieldError]:
    if wording.blocks and wording.body:
        return [FieldError("body", say("An e-mail has a body or blocks, not both."))]
    if not wording.blocks:
        if found := _body_problems(wording, known):
            return found
        found = parts.problems(blocks_of(wording), known)
        return [FieldError("body", each.message) for each in found]
    try:
        return parts.problems(blocks_of(wording), known)
    except Unacceptable as refusal:
        return refusal.errors


def _body_problems(wording: Wording, known: Catalogue) -> list[FieldError]:
    body = wording.body or ""
    if not body.strip():
        return [FieldError("body", say("Write what it says."))]
    if wording.channel == Channel.SMS and (extra := sms.too_many(body)):
        return [
            FieldError(
                "body",
                say(
                    "%(extra)s too many: a text has at most %(most)s characters.", extra=extra, most=sms.MOST_CHARACTERS
                ),
            )
        ]
    return rendering.check(body, Kind.TEXT if wording.is_email else Kind.SMS, known, "body")


def _approval_problems(wording: Wording) -> list[FieldError]:
    if not wording.approved_as:
        return []
    if wording.channel != Channel.WHATSAPP:
        return [FieldError("approved_as", say("Only WhatsApp approves wordings."))]
    if not _APPROVED.fullmatch(wording.approved_as):
        return [FieldError("approved_as", say("Write the id as your provider shows it, without spaces."))]
    try:
        rendering.gaps(wording.body or "")
    except Unacceptable as refusal:
        return [FieldError("body", each.message) for each in refusal.errors]
    return []


def blocks_of(wording: Wording) -> list[parts.Block]:
    """The parts of an e-mail, whichever way it was typed."""
    return parts.parse(wording.blocks) if wording.blocks else parts.from_body(wording.body or "")
