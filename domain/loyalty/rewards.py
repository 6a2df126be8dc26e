"""Rewards: what members can earn, and whether and how an unlock is told to them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain import money
from domain.errors import FieldError, NotFound, Unacceptable
from domain.loyalty import currencies, renames
from domain.sentences import say
from models.currency import Currency
from models.reward import Reward, RewardChannel
from models.template import Template
from models.tenancy import current_tenant_id
from models.tenant import Tenant

FIELDS = ("name", "currency", "threshold", "cost", "discount", "valid_days", "repeatable", "messages")
MESSAGE_FIELDS = ("enabled", "delay_minutes", "quiet_hours", "channels", "control_group_percent")
CHANNELS = ("email", "sms")
LONGEST_NAME = 120
MOST_POINTS = 10**9
MOST_DAYS = 3650
LONGEST_DELAY = 14 * 24 * 60
DELAY = 120
LARGEST_CONTROL_GROUP = 50  # percent
NIGHT = {"from": "21:00", "to": "09:00"}
NUMBERS = {"threshold": (1, MOST_POINTS), "cost": (0, MOST_POINTS), "valid_days": (1, MOST_DAYS)}


def create(session: Session, values: Mapping[str, Any], *, now: datetime) -> Reward:
    """A new reward from the API's fields. Needs `name`, `currency`, `threshold`, `discount`; `cost` is the threshold
    unless given. Raises `Unacceptable` with the fields that are wrong."""
    errors = [
        FieldError(field, say("This is needed."))
        for field in ("name", "currency", "threshold", "discount")
        if values.get(field) is None
    ]
    if errors:
        raise Unacceptable(say("This reward cannot be saved."), errors)
    reward = Reward(repeatable=True, messages_enabled=False, message_delay_minutes=DELAY, created_at=now)
    return _save(session, reward, {"cost": values["threshold"], "messages": {}, **values}, now=now)


def update(session: Session, reward_id: int, values: Mapping[str, Any], *, now: datetime) -> Reward:
    """Change what is given; what is absent stays. `messages` is changed field by field, `channels` as a whole.

    Only unlocks from now on see the change: members who unlocked it before are not told.
    """
    reward = session.scalar(select(Reward).where(Reward.id == reward_id).with_for_update(key_share=True))
    if reward is None:
        raise NotFound(say("There is no such reward."))
    return _save(session, reward, values, now=now)


def get(session: Session, reward_id: int) -> Reward:
    """The reward of this id."""
    reward = session.scalar(select(Reward).where(Reward.id == reward_id))
    if reward is None:
        raise NotFound(say("There is no such reward."))
    return reward


def of_cafe(session: Session) -> list[Reward]:
    """The rewards that can be earned, oldest first."""
    return list(session.scalars(select(Reward).where(Reward.archived_at.is_(None)).order_by(Reward.id)))


def archive(session: Session, reward_id: int, *, now: datetime) -> Reward:
    """Let a reward be unlocked no more; open unlocks can still be used."""
    reward = get(session, reward_id)
    reward.archived_at = reward.archived_at or now
    session.flush()
    return reward


def channels_of(session: Session, reward_id: int) -> dict[str, int]:
    """The templates a reward speaks with, by channel."""
    rows = select(RewardChannel.channel, RewardChannel.template_id).where(RewardChannel.reward_id == reward_id)
    return {row.channel: row.template_id for row in session.execute(rows.order_by(RewardChannel.channel))}


def describe(session: Session, reward: Reward) -> dict[str, Any]:
    """The reward in the API's shape."""
    quiet = None if reward.quiet_from is None else {"from": _clock(reward.quiet_from), "to": _clock(reward.quiet_to)}
    return {
        "id": reward.id,
        "name": reward.name,
        "currency": session.scalar(select(Currency.code).where(Currency.id == reward.currency_id)),
        "threshold": reward.threshold,
        "cost": reward.cost,
        "discount": reward.discount,
        "valid_days": reward.valid_days,
        "repeatable": reward.repeatable,
        "messages": {
            "enabled": reward.messages_enabled,
            "delay_minutes": reward.message_delay_minutes,
            "quiet_hours": quiet,
            "control_group_percent": reward.control_group_percent,
            "channels": {channel: {"template": each} for channel, each in channels_of(session, reward.id).items()},
        },
    }


def _save(session: Session, reward: Reward, values: Mapping[str, Any], *, now: datetime) -> Reward:
    errors = [FieldError(field, say("Not a field of a reward.")) for field in values if field not in FIELDS]
    errors += _plain_errors(values) + _message_errors(values.get("messages"))
    if errors:
        raise Unacceptable(say("This reward cannot be saved."), errors)
    for field in ("threshold", "cost", "valid_days", "repeatable"):
        if field in values:
            setattr(reward, field, values[field])
    if "name" in values:
        _call(session, reward, values["name"].strip())
    if "currency" in values:
        reward.currency_id = currencies.by_code(session, values["currency"]).id
    if "discount" in values:
        reward.discount = _discount(session, values["discount"])
    reward.updated_at = now
    session.add(reward)
    if "messages" in values:
        _speak(session, reward, values["messages"])
    session.flush()
    return reward


def _call(session: Session, reward: Reward, name: str) -> None:
    if reward.id is not None and reward.name != name:
        renames.follow(session, "reward", reward.name, name)
    reward.name = name


def _plain_errors(values: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    name = values.get("name", "reward")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        errors.append(FieldError("name", say("Give a name of at most %(most)s characters.", most=LONGEST_NAME)))
    for field, (smallest, largest) in NUMBERS.items():
        number = values.get(field, smallest)
        may_be_none = field == "valid_days" and number is None
        if not may_be_none and not (_is_whole(number) and smallest <= number <= largest):
            errors.append(
                FieldError(
                    field, say("Give a whole number from %(least)s to %(most)s.", least=smallest, most=f"{largest:,}")
                )
            )
    if not isinstance(values.get("repeatable", True), bool):
        errors.append(FieldError("repeatable", say("Give true or false.")))
    return errors


def _discount(session: Session, discount: Any) -> dict[str, str]:
    if not isinstance(discount, Mapping) or len(discount) != 1:
        raise Unacceptable.at("discount", say("Give one of percent, amount and item."))
    kind, value = next(iter(discount.items()))
    readers = {"percent": _percent, "amount": _amount, "item": _item}
    if kind not in readers:
        raise Unacceptable.at(f"discount.{kind}", say("Give one of percent, amount and item."))
    return {kind: readers[kind](session, value)}


def _percent(_session: Session, value: Any) -> str:
    try:
        percent = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        percent = Decimal("NaN")
    if not (percent.is_finite() and 0 < percent <= 100 and percent % Decimal("0.01") == 0):
        raise Unacceptable.at("discount.percent", say("Give a percentage above 0 and up to 100, like 10."))
    return format(percent.normalize(), "f")


def _amount(session: Session, value: Any) -> str:
    currency = session.get_one(Tenant, current_tenant_id.get()).currency
    try:
        minor = money.to_minor(value, currency)
    except Unacceptable as refusal:
        raise Unacceptable.at("discount.amount", refusal.detail) from refusal
    if minor <= 0:
        raise Unacceptable.at("discount.amount", say("Give an amount above zero."))
    return money.to_major(minor, currency)


def _item(_session: Session, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_NAME:
        raise Unacceptable.at("discount.item", say("Name the item that is free."))
    return value.strip()


def _message_errors(messages: Any) -> list[FieldError]:
    if messages is None:
        return []
    errors = [
        FieldError(f"messages.{field}", say("Not a field of messages."))
        for field in messages
        if field not in MESSAGE_FIELDS
    ]
    if not isinstance(messages.get("enabled", True), bool):
        errors.append(FieldError("messages.enabled", say("Give true or false.")))
    delay = messages.get("delay_minutes", DELAY)
    if not (_is_whole(delay) and 0 <= delay <= LONGEST_DELAY):
        errors.append(
            FieldError("messages.delay_minutes", say("Give 0 to %(most)s minutes.", most=f"{LONGEST_DELAY:,}"))
        )
    percent = messages.get("control_group_percent", 0)
    if not (_is_whole(percent) and 0 <= percent <= LARGEST_CONTROL_GROUP):
        errors.append(
            FieldError(
                "messages.control_group_percent",
                say("Give a whole number from %(least)s to %(most)s.", least=0, most=LARGEST_CONTROL_GROUP),
            )
        )
    quiet = messages.get("quiet_hours")
    if quiet is not None and (quiet.keys() != {"from", "to"} or None in map(_minutes, quiet.values())):
        errors.append(FieldError("messages.quiet_hours", say("Give from and to, like 21:00 and 09:00, or null.")))
    errors += [
        FieldError(
            f"messages.channels.{channel}", say("A reward speaks by %(channels)s.", channels=" or ".join(CHANNELS))
        )
        for channel in messages.get("channels") or {}
        if channel not in CHANNELS
    ]
    return errors


def _speak(session: Session, reward: Reward, messages: Mapping[str, Any]) -> None:
    is_new = reward.id is None
    if "delay_minutes" in messages:
        reward.message_delay_minutes = messages["delay_minutes"]
    if "quiet_hours" in messages:
        _be_quiet(reward, messages["quiet_hours"])
    elif is_new and "delay_minutes" not in messages:
        _be_quiet(reward, NIGHT)
    if "control_group_percent" in messages:
        reward.control_group_percent = messages["control_group_percent"]
    if "enabled" in messages:
        reward.messages_enabled = messages["enabled"]
    session.flush()
    if "channels" in messages:
        _speak_by(session, reward, messages["channels"] or {})
    if reward.messages_enabled and not channels_of(session, reward.id):
        raise Unacceptable.at("messages.channels", say("Choose a channel and write what it says."))


def _be_quiet(reward: Reward, hours: Mapping[str, str] | None) -> None:
    reward.quiet_from = _minutes(hours["from"]) if hours else None
    reward.quiet_to = _minutes(hours["to"]) if hours else None


def _speak_by(session: Session, reward: Reward, channels: Mapping[str, Mapping[str, Any]]) -> None:
    session.execute(delete(RewardChannel).where(RewardChannel.reward_id == reward.id))
    for channel, said in channels.items():
        template_id = said.get("template")
        standing = select(Template.id).where(Template.id == template_id, Template.channel == channel)
        if not _is_whole(template_id) or session.scalar(standing.where(Template.archived_at.is_(None))) is None:
            raise Unacceptable.at(
                f"messages.channels.{channel}.template",
                say("There is no %(channel)s template like this.", channel=channel),
            )
        session.add(RewardChannel(reward_id=reward.id, channel=channel, template_id=template_id))
    session.flush()


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _minutes(typed: Any) -> int | None:
    """Minutes after midnight of `"21:00"`; None for what is no time."""
    hour, _, minute = typed.partition(":") if isinstance(typed, str) else ("", "", "")
    is_time = len(typed or "") == 5 and hour.isdecimal() and minute.isdecimal() and typed.isascii()
    return int(hour) * 60 + int(minute) if is_time and int(hour) < 24 and int(minute) < 60 else None


def _clock(minutes: int | None) -> str:
    return f"{(minutes or 0) // 60:02}:{(minutes or 0) % 60:02}"
