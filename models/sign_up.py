from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class SignUp(TenantOwned, Base):
    """Somebody typed an e-mail address on the join page: nothing is agreed before its owner confirms it."""

    __tablename__ = "sign_ups"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "email"),
        Index("ix_sign_ups_expiring", "expires_at"),
    )

    email: Mapped[str]
    first_name: Mapped[str | None]
    language: Mapped[str]
    wording: Mapped[str]  # what stood beside the field
    wording_version: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    member_id: Mapped[int | None]  # who it became
