from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Location(TenantOwned, Base):
    """One shop of a café."""

    __tablename__ = "locations"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str]
    address: Mapped[str | None]
    timezone: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
