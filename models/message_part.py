from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, TenantOwned


class MessagePart(TenantOwned, Base):
    """One part of a text that left in several: its provider reports about each by an id of its own.

    `ref` is none for a part that was not taken: such a text is never whole.
    """

    __tablename__ = "message_parts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "message_id", "number"),
        ForeignKeyConstraint(["tenant_id", "message_id"], ["messages.tenant_id", "messages.id"]),
        ForeignKeyConstraint(["tenant_id", "gateway_id"], ["gateways.tenant_id", "gateways.id"]),
        Index(None, "tenant_id", "gateway_id", "ref"),
    )

    message_id: Mapped[int]
    gateway_id: Mapped[int]
    number: Mapped[int] = mapped_column(SmallInteger)
    ref: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
