from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Currency(TenantOwned, Base):
    """A kind of points a café gives: "points", "stars". Money is never one of these."""

    __tablename__ = "currencies"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]*$'", name="code_is_a_name"),
    )

    code: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
