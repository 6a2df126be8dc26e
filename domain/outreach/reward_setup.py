"""A reward together with its words: what the editor shows is saved as one thing, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.content import designs, templates
from domain.content.placeholders import Occasion
from domain.content.wordings import LONGEST_NAME, Wording
from domain.errors import FieldError, Refusal, Unacceptable
from domain.loyalty import rewards
from domain.sentences import say
from models.message import Channel
from models.reward import Reward
from models.template import Template
from models.tenant import Tenant

FIELDS = {
    Channel.SMS: {"body": "sms_body"},
    Channel.EMAIL: {"subject": "email_subject", "blocks": "email_body", "body": "email_body"},
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a reward says: a text, and an e-mail's subject and text."""

    sms_body: str
    email_subject: str
    email_body: str


def default_words(discount: Mapping[str, Any]) -> Words:
    """What a new reward says unless its owner says it better."""
    text = designs.reward_text(discount)
    return Words(text, designs.REWARD_SUBJECT, text)


def words_of(session: Session, reward: Reward) -> Words:
    """What a reward says now; where it says nothing yet, the default."""
    words = default_words(reward.discount)
    for channel, template_id in rewards.channels_of(session, reward.id).items():
        template = templates.get(session, template_id)
        if channel == Channel.SMS:
            words = replace(words, sms_body=template.body or "")
        else:
            words = replace(words, email_subject=template.subject or "", email_body=_text_of(template))
    return words


def save(
    session: Session,
    tenant: Tenant,
    reward: Reward | None,
    values: Mapping[str, Any],
    *,
    channels: Sequence[str],
    words: Words,
    now: datetime,
) -> Reward:
    """Save a reward (`values` as `loyalty.rewards` takes them, without channels) and its words for these channels.

    Raises `Unacceptable` with every problem beside its field of the editor; nothing is written then.
    """
    problems: list[FieldError] = []
    messages = dict(values.get("messages", {}))
    with session.begin_nested():
        existing = rewards.channels_of(session, reward.id) if reward else {}
        spoken = {}
        for channel in channels:
            try:
                spoken[channel] = {
                    "template": _say(session, tenant, channel, existing.get(channel), values, words, now)
                }
            except Unacceptable as refused:
                problems += _beside(channel, refused)
        messages["channels"] = spoken
        try:
            saved = _save_reward(session, reward, {**values, "messages": messages}, now=now)
        except Unacceptable as refused:
            problems = [*refused.errors, *problems]
        if problems:
            raise Unacceptable(say("This reward cannot be saved as it is."), problems)
    return saved


def wording(channel: str, name: str, words: Words) -> Wording:
    """The words of one channel as a template's wording."""
    title = f"{name} ({'SMS' if channel == Channel.SMS else 'e-mail'})"[:LONGEST_NAME]
    if channel == Channel.SMS:
        return Wording(name=title, channel=channel, body=words.sms_body, occasion=Occasion.REWARD)
    blocks = [
        block | ({"text": words.email_body} if block["type"] == "text" else {})
        for block in designs.reward_blocks({"percent": "10"})
    ]
    return Wording(name=title, channel=channel, subject=words.email_subject, blocks=blocks, occasion=Occasion.REWARD)


def _say(
    session: Session,
    tenant: Tenant,
    channel: str,
    template_id: int | None,
    values: Mapping[str, Any],
    words: Words,
    now: datetime,
) -> int:
    _refuse_silence(channel, words)
    template = templates.get(session, template_id) if template_id else None
    named = wording(channel, str(values["name"]), words)
    return templates.save(session, tenant, named, now=now, template=template).id


def _refuse_silence(channel: str, words: Words) -> None:
    if channel == Channel.SMS and not words.sms_body.strip():
        raise Unacceptable.at("body", say("Write what the text says, or leave SMS out."))
    if channel == Channel.EMAIL and not words.email_body.strip():
        raise Unacceptable.at("body", say("Write what the e-mail says, or leave e-mail out."))


def _save_reward(session: Session, reward: Reward | None, values: Mapping[str, Any], *, now: datetime) -> Reward:
    if reward is None:
        return rewards.create(session, values, now=now)
    return rewards.update(session, reward.id, values, now=now)


def _beside(channel: str, refused: Refusal) -> list[FieldError]:
    names = FIELDS[Channel(channel)]
    return [FieldError(names.get(each.path.split(".")[0], each.path), each.message) for each in refused.errors]


def _text_of(template: Template) -> str:
    return next((block["text"] for block in template.blocks or [] if block["type"] == "text"), template.body or "")
