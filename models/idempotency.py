from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed


class IdempotencyKey(TenantKeyed, Base):
    """A request that was answered under a key, so that the same one gets the same answer for a day."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_age", "created_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[str | None]
    content_type: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
