from datetime import date, datetime
from typing import Any

from sqlalchemy import Computed, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned

# Keys for search begin words and are compared byte by byte: range scans stay possible under row-level security.
_BYTEWISE = Text(collation="C")


class Member(TenantOwned, Base):
    """A person in a café's loyalty programme."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id", name="uq_members_external_id"),
        UniqueConstraint("tenant_id", "email_key", name="uq_members_email"),
        UniqueConstraint("tenant_id", "phone", name="uq_members_phone"),
        UniqueConstraint("tenant_id", "card", name="uq_members_card"),
        Index("ix_members_first_name", "tenant_id", "first_name_key"),
        Index("ix_members_last_name", "tenant_id", "last_name_key"),
        Index("ix_members_joined_on", "tenant_id", "joined_on", "id"),
        Index("ix_members_erased", "tenant_id", "id", postgresql_where=text("erased_at IS NOT NULL")),
    )

    external_id: Mapped[str] = mapped_column(_BYTEWISE)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(_BYTEWISE)
    phone_country: Mapped[str | None]  # of the number, for markets; none when it belongs to no country
    phone_takes_texts: Mapped[bool] = mapped_column(server_default="false")  # a mobile, not a landline or a service
    card: Mapped[str | None] = mapped_column(_BYTEWISE)
    birthday: Mapped[date | None]
    joined_on: Mapped[date]
    locale: Mapped[str | None]
    timezone: Mapped[str | None]
    country: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    may_count: Mapped[bool | None]  # what they open and click; none: they never said, the café's way counts
    link_number: Mapped[int] = mapped_column(server_default="1")  # one more revokes every link sent so far
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    email_key: Mapped[str | None] = mapped_column(_BYTEWISE, Computed("lower(email)", persisted=True))
    first_name_key: Mapped[str | None] = mapped_column(_BYTEWISE, Computed("lower(first_name)", persisted=True))
    last_name_key: Mapped[str | None] = mapped_column(_BYTEWISE, Computed("lower(last_name)", persisted=True))

    @property
    def full_name(self) -> str:
        """First and last name, or what there is of them."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)
