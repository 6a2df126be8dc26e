from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base


class Counting(StrEnum):
    """Of which guests a café counts what they open and click."""

    UNLESS_DECLINED = "unless_declined"
    IF_AGREED = "if_agreed"
    NEVER = "never"


class Tenant(Base):
    """One café business, owner of its data. A platform table: it answers which café, before one is bound."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9](-?[a-z0-9])*$'", name="slug_is_a_slug"),
        CheckConstraint("promotional_per_day > 0 AND promotional_per_week > 0", name="promotional_positive"),
        CheckConstraint("monthly_cap_minor >= 0", name="monthly_cap_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="cafe")
    timezone: Mapped[str]
    currency: Mapped[str]
    country: Mapped[str]
    locale: Mapped[str]
    postal_address: Mapped[str | None]
    colour: Mapped[str] = mapped_column(server_default="#4a2f22")
    counting: Mapped[str] = mapped_column(server_default=Counting.UNLESS_DECLINED)
    sms_approved_at: Mapped[datetime | None]
    sms_markets: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    promotional_per_day: Mapped[int] = mapped_column(SmallInteger, server_default="2")  # in 24 hours
    promotional_per_week: Mapped[int] = mapped_column(SmallInteger, server_default="4")  # in seven days
    monthly_cap_minor: Mapped[int | None]  # what messages may cost in a calendar month of the café
    viber_closed: Mapped[list[str]] = mapped_column(server_default=text("'[\"RU\"]'"))  # countries, ISO 3166
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
