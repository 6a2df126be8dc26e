from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class MemberMerge(TenantOwned, Base):
    """Two rows that were one person: what was kept, what went, who said so."""

    __tablename__ = "member_merges"
    __table_args__ = (
        UniqueConstraint("tenant_id", "gone_id"),
        ForeignKeyConstraint(["tenant_id", "kept_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "gone_id"], ["members.tenant_id", "members.id"]),
    )

    kept_id: Mapped[int]
    gone_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    actor: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
