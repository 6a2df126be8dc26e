from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class Reward(TenantOwned, Base):
    """What can be earned: unlocked at a threshold of points, used for its cost."""

    __tablename__ = "rewards"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "currency_id"], ["currencies.tenant_id", "currencies.id"]),
        Index(None, "tenant_id", "currency_id"),
        CheckConstraint("threshold > 0", name="threshold_positive"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        CheckConstraint("valid_days > 0", name="valid_days_positive"),
        CheckConstraint("message_delay_minutes >= 0", name="delay_not_negative"),
        CheckConstraint("control_group_percent BETWEEN 0 AND 50", name="control_group_percent"),
    )

    name: Mapped[str]
    currency_id: Mapped[int]
    threshold: Mapped[int]
    cost: Mapped[int]
    discount: Mapped[dict[str, Any]]  # {"percent": "10"} | {"amount": "2.00"} | {"item": "cappuccino"}
    valid_days: Mapped[int | None]
    repeatable: Mapped[bool] = mapped_column(server_default="true")
    messages_enabled: Mapped[bool] = mapped_column(server_default="false")
    message_delay_minutes: Mapped[int] = mapped_column(server_default="120")
    control_group_percent: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # who hears nothing
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)  # minutes after local midnight
    quiet_to: Mapped[int | None] = mapped_column(SmallInteger)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)


class RewardChannel(TenantKeyed, Base):
    """The template a reward speaks with on one channel."""

    __tablename__ = "reward_channels"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "reward_id"], ["rewards.tenant_id", "rewards.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "template_id"], ["templates.tenant_id", "templates.id"]),
    )

    reward_id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    template_id: Mapped[int]


class RewardEvent(TenantOwned, Base):
    """The moment a member unlocked a reward, and what became of it: open, redeemed, expired or withdrawn."""

    __tablename__ = "reward_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "reward_id"], ["rewards.tenant_id", "rewards.id"]),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchases.tenant_id", "purchases.id"]),
        UniqueConstraint("tenant_id", "reward_id", "member_id", "number", name="uq_reward_events_once"),
        UniqueConstraint("tenant_id", "code"),
        Index(
            "uq_reward_events_one_open",
            "tenant_id",
            "reward_id",
            "member_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_reward_events_member", "tenant_id", "member_id", "unlocked_at"),
        Index("ix_reward_events_purchase", "tenant_id", "purchase_id"),
        Index("ix_reward_events_ending", "valid_until", postgresql_where=text("state = 'open'")),
    )

    reward_id: Mapped[int]
    member_id: Mapped[int]
    purchase_id: Mapped[int | None]
    number: Mapped[int]  # the member's first, second … unlock of this reward
    code: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    unlocked_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Redemption(TenantOwned, Base):
    """A reward used at the till."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id", name="uq_redemptions_once"),
        ForeignKeyConstraint(["tenant_id", "reward_id"], ["rewards.tenant_id", "rewards.id"]),
        ForeignKeyConstraint(["tenant_id", "reward_event_id"], ["reward_events.tenant_id", "reward_events.id"]),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "location_id"], ["locations.tenant_id", "locations.id"]),
        Index(None, "tenant_id", "member_id"),
    )

    external_id: Mapped[str]
    content_hash: Mapped[str]
    reward_id: Mapped[int]
    reward_event_id: Mapped[int | None]
    member_id: Mapped[int]
    location_id: Mapped[int | None]
    points: Mapped[int]
    occurred_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]  # taken back at the till: it was not used after all
    answer: Mapped[dict[str, Any] | None]
