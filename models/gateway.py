from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class GatewayAccount(TenantOwned, Base):
    """A café's account with one provider of a channel. Credentials are encrypted; a stopped one sends nothing.

    The lowest `position` of a channel that is in service and does not rest sends; equal ones share. `per_minute` is how
    much may leave, of which `allowance` was left at `allowance_at`. `trouble` counts the messages in a row that it did
    not take; after many it rests, longer each time (`rests`).
    """

    __tablename__ = "gateways"
    __table_args__ = (
        Index(None, "tenant_id", "channel"),
        CheckConstraint("per_minute > 0", name="per_minute_positive"),
        CheckConstraint("price_per_part >= 0", name="price_not_negative"),
    )

    channel: Mapped[str]
    provider: Mapped[str]
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    sender: Mapped[str] = mapped_column(server_default="")
    sender_name: Mapped[str] = mapped_column(server_default="")
    set_by_operator: Mapped[bool] = mapped_column(server_default="false")  # its addresses are trusted
    position: Mapped[int] = mapped_column(server_default="0")
    per_minute: Mapped[int | None]
    price_per_part: Mapped[int | None]  # hundredths of a minor unit; none = unknown, and counted as nothing
    allowance: Mapped[float] = mapped_column(Double, server_default="0")
    allowance_at: Mapped[datetime | None]
    trouble: Mapped[int] = mapped_column(server_default="0")
    rests: Mapped[int] = mapped_column(server_default="0")
    rests_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_because: Mapped[str | None]
    heard_at: Mapped[datetime | None]  # when somebody last listened to what its provider tells
    heard_by: Mapped[str | None]
    heard_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
