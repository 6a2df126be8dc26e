from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class AuditEntry(TenantOwned, Base):
    """Who did what, when, on whose behalf. The app's role may only insert and read."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "tenant_id", "at"),)

    at: Mapped[datetime] = mapped_column(server_default=NOW)
    actor: Mapped[str]  # user:7, key:3, system
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    address: Mapped[str] = mapped_column(server_default="")
