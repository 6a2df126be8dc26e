"""The messages of an imagined life as rows: what was said, by whom it was carried, and which addresses ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from demo.bulk import load, numbers
from demo.post import COUNTRY, ZONE, Post
from demo.wallet import Unlock
from domain.content import designs
from domain.tenant_scope import bound_tenant_id
from models.message import Channel, Lane, Topic

PROVIDERS = {Channel.EMAIL: "smtp", Channel.SMS: "twilio"}
COLUMNS = (
    *("tenant_id", "member_id", "cause", "occasion", "channel", "topic", "lane", "state", "reason", "detail"),
    *("template_id", "gateway_id", "due_at", "expires_at", "timezone", "hours_of", "created_at", "placeholder_values"),
    *("attempts", "address", "provider", "subject", "body_preview", "started_at", "sent_at", "settled_at"),
)


@dataclass(frozen=True, slots=True)
class Ids:
    """What rows point to, by the names that an imagined life knows."""

    members: Mapping[str, int]  # by external id
    rewards: Mapping[str, int]  # by name
    unlocks: Mapping[str, int]  # by code
    gateways: Mapping[str, int]  # by channel
    templates: Mapping[str, int]  # by reward and channel


def write_messages(
    session: Session, posts: Sequence[Post], codes: Mapping[str, Unlock], members: Mapping[str, int]
) -> None:
    """Write what was told and what was not; `codes` are the unlocks by code, `members` the ids by external id."""
    ids = Ids(
        members,
        numbers(session, "rewards", "name"),
        numbers(session, "reward_events", "code"),
        numbers(session, "gateways", "channel"),
        numbers(session, "reward_channels", "reward_id || channel", value="template_id"),
    )
    code_of = {id(unlock): code for code, unlock in codes.items()}
    load(session, "messages", COLUMNS, (_message(each, code_of[id(each.unlock)], ids) for each in posts))
    ended = (
        [bound_tenant_id(), each.channel, each.address, "invalid_address", each.settled_at, each.detail]
        for each in posts
        if each.ends_address
    )
    load(session, "suppressions", ("tenant_id", "channel", "address", "reason", "since", "detail"), ended)


def _message(post: Post, code: str, ids: Ids) -> list[Any]:
    unlock, channel = post.unlock, post.channel
    reward = ids.rewards[unlock.goal.name]
    hours_of = COUNTRY if channel is Channel.SMS else None
    planned = [bound_tenant_id(), ids.members[unlock.visit.guest.external_id], f"reward:{reward}"]
    planned += [f"reward_event:{ids.unlocks[code]}", channel, Topic.REWARDS, Lane.INSTANT, post.state, post.reason]
    planned += [post.detail, ids.templates[f"{reward}{channel}"], ids.gateways[channel] if post.started_at else None]
    planned += [post.due_at, post.expires_at, ZONE, hours_of, unlock.visit.at, {}]
    return [*planned, *_handed_over(post, code)]


def _handed_over(post: Post, code: str) -> list[Any]:
    if post.started_at is None:
        return [0, None, None, None, None, None, None, None]
    subject, preview = _words(post, code)
    provider = PROVIDERS[post.channel]
    return [1, post.address, provider, subject, preview, post.started_at, post.sent_at, post.settled_at]


def _words(post: Post, code: str) -> tuple[str | None, str]:
    goal = post.unlock.goal
    discount = designs.discount_words(goal.discount, currency="EUR", locale="en_GB")
    said = designs.reward_text(goal.discount).replace("{{ reward.discount }}", discount)
    if post.channel is Channel.SMS:
        return None, said
    heading = designs.reward_blocks(goal.discount)[0]["text"]
    return designs.REWARD_SUBJECT, f"{heading}\n\n{said}\n\n{goal.name}\nShow this code at the till: {code}"
