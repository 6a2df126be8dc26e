from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class Segment(TenantOwned, Base):
    """A saved question about members: a preset with its numbers, or a condition tree of the owner's own."""

    __tablename__ = "segments"
    __table_args__ = (
        CheckConstraint("(preset IS NULL) <> (definition IS NULL)", name="a_preset_or_a_definition"),
        CheckConstraint("preset IN ('new', 'top', 'defecting')", name="preset"),
        Index("uq_segments_name", "tenant_id", "name_key", unique=True, postgresql_where=text("archived_at IS NULL")),
        Index(None, "tenant_id", "archived_at"),
    )

    name: Mapped[str]
    preset: Mapped[str | None]
    parameters: Mapped[dict[str, Any] | None]
    definition: Mapped[dict[str, Any] | None]
    size: Mapped[int] = mapped_column(server_default="0")
    border_minor: Mapped[int | None]  # what the least of a year's Top spent
    refreshed_at: Mapped[datetime | None]  # when everybody was looked at, and not only those something happened to
    failed_at: Mapped[datetime | None]  # when its question could not be answered; None since it can
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))


class SegmentMember(TenantKeyed, Base):
    """Who is in a segment, and since when."""

    __tablename__ = "segment_members"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "segment_id"], ["segments.tenant_id", "segments.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "member_id"),
    )

    segment_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class SegmentSize(TenantKeyed, Base):
    """How many members a segment had at the end of one of the café's days."""

    __tablename__ = "segment_sizes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "segment_id"], ["segments.tenant_id", "segments.id"], ondelete="CASCADE"),
    )

    segment_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]
