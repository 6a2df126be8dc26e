from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class ConnectorAccount(TenantOwned, Base):
    """A café's account with one business system. `position` is how far the catch-up poll has read."""

    __tablename__ = "connectors"

    system: Mapped[str]
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    position: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    polled_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_because: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class InboundHook(TenantOwned, Base):
    """What a system told us, kept as it came. State: new, done, parked (kept failing), unknown (not understood)."""

    __tablename__ = "inbound_hooks"
    __table_args__ = (
        UniqueConstraint("tenant_id", "connector_id", "key", name="uq_inbound_hooks_once"),
        ForeignKeyConstraint(["tenant_id", "connector_id"], ["connectors.tenant_id", "connectors.id"]),
        Index("ix_inbound_hooks_due", "due_at", "tenant_id", postgresql_where=text("state = 'new'")),
    )

    connector_id: Mapped[int]
    key: Mapped[str]
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="new")
    detail: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)
