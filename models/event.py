from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Event(TenantOwned, Base):
    """Something that happened, kept as it was, written in the transaction that made it happen."""

    __tablename__ = "events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        Index(
            "uq_events_once",
            "tenant_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_events_member", "tenant_id", "member_id", "occurred_at"),
        Index("ix_events_type", "tenant_id", "type", "occurred_at"),
    )

    type: Mapped[str]  # purchase.completed, points.credited, reward.unlocked, custom.*
    member_id: Mapped[int | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    source: Mapped[str] = mapped_column(server_default="regulars")
    external_id: Mapped[str | None]
    content_hash: Mapped[str | None]
    properties: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
