from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Channel(StrEnum):
    """The ways to reach a member."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    VIBER = "viber"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    SOCIAL = "social"
    VOICE = "voice"
    CHAT = "chat"
    RECEIPT = "receipt"
    CASHIER = "cashier"


class Topic(StrEnum):
    """What a message is about, as far as consent goes."""

    PROMOTIONAL = "promotional"
    REWARDS = "rewards"
    REMINDERS = "reminders"


class Lane(StrEnum):
    """Which queue carries it: what a member waits for, or what goes to many."""

    INSTANT = "instant"
    MASS = "mass"


class MessageState(StrEnum):
    """Where a message stands. States go forward only."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    ATTEMPTING = "attempting"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNSURE = "unsure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a message was skipped or cancelled."""

    NO_CONSENT = "no_consent"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    INVALID_ADDRESS = "invalid_address"
    MARKET_CLOSED = "market_closed"
    FREQUENCY_CAP = "frequency_cap"
    CONTROL_GROUP = "control_group"
    CAP_REACHED = "cap_reached"
    EXPIRED = "expired"
    EVENT_HAPPENED = "event_happened"
    LEFT_AUDIENCE = "left_audience"
    SWITCHED_OFF = "switched_off"
    GATEWAY_MISSING = "gateway_missing"
    TEMPLATE_MISSING = "template_missing"
    DUPLICATE = "duplicate"
    STOPPED_BY_OWNER = "stopped_by_owner"
    MEMBER_ERASED = "member_erased"


PLANNED = text("state = 'planned'")


class Message(TenantOwned, Base):
    """One thing a café wants to say to one member through one channel, and how that went."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("tenant_id", "member_id", "cause", "occasion", "channel", name="uq_messages_once"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "template_id"], ["templates.tenant_id", "templates.id"]),
        ForeignKeyConstraint(["tenant_id", "gateway_id"], ["gateways.tenant_id", "gateways.id"]),
        CheckConstraint(
            "(state IN ('skipped', 'cancelled')) = (reason IS NOT NULL)", name="a_no_has_its_reason_and_only_a_no"
        ),
        Index("ix_messages_due", "tenant_id", "channel", "lane", "due_at", "id", postgresql_where=PLANNED),
        Index("ix_messages_expiring", "expires_at", postgresql_where=PLANNED),
        Index("ix_messages_leases", "lease_until", postgresql_where=text("state IN ('claimed', 'attempting')")),
        Index("ix_messages_member", "tenant_id", "member_id", "created_at"),
        Index("ix_messages_newest", "tenant_id", "created_at", "id"),
        Index("ix_messages_occasion", "tenant_id", "cause", "occasion"),
        Index(
            "ix_messages_priced",
            "tenant_id",
            "priced_at",
            postgresql_include=["state", "cost"],
            postgresql_where=text("priced_at IS NOT NULL"),
        ),
        Index("ix_messages_sent_at", "sent_at", postgresql_using="brin"),
        Index("ix_messages_settled_at", "settled_at", postgresql_using="brin"),
        Index("ix_messages_ref", "tenant_id", "provider_ref", postgresql_where=text("provider_ref IS NOT NULL")),
    )

    member_id: Mapped[int | None]  # none only for a test to the owner
    cause: Mapped[str]  # which reward, campaign or automation spoke
    occasion: Mapped[str]  # which time it did: a reward event, a send date
    channel: Mapped[str]
    topic: Mapped[str]
    lane: Mapped[str] = mapped_column(server_default=Lane.MASS)
    state: Mapped[str] = mapped_column(server_default=MessageState.PLANNED)
    reason: Mapped[str | None]
    detail: Mapped[str | None]  # the provider's or the policy's own words
    template_id: Mapped[int | None]
    gateway_id: Mapped[int | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    timezone: Mapped[str | None]  # where the member reads it; none = nobody's night matters
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)  # the sender's own quiet hours, minutes after midnight
    quiet_to: Mapped[int | None] = mapped_column(SmallInteger)
    hours_of: Mapped[str | None]  # whose hours for texts and calls are kept: a country, or a US area code (`US-305`)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    values: Mapped[dict[str, Any]] = mapped_column("placeholder_values", server_default=text("'{}'"))
    attempts: Mapped[int] = mapped_column(server_default="0")
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    address: Mapped[str | None]
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None]
    subject: Mapped[str | None]
    body_preview: Mapped[str | None]
    cost: Mapped[int | None]  # hundredths of a minor unit, where its gateway has a price
    priced_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class Report(TenantOwned, Base):
    """What a gateway later told about a message: stored first, applied after, repeated ones once."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("tenant_id", "gateway_id", "key", name="uq_reports_once"),
        ForeignKeyConstraint(["tenant_id", "gateway_id"], ["gateways.tenant_id", "gateways.id"]),
        Index("ix_reports_waiting", "recorded_at", postgresql_where=text("applied_at IS NULL")),
    )

    gateway_id: Mapped[int]
    key: Mapped[str]
    kind: Mapped[str]
    message_id: Mapped[int | None]
    provider_ref: Mapped[str | None]
    detail: Mapped[str] = mapped_column(server_default="")
    suppress: Mapped[str | None]
    properties: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # more about an opening or a click
    reported_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    applied_at: Mapped[datetime | None]
