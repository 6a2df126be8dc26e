from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class Tag(TenantOwned, Base):
    """A named, dated fact put on members: by a built-in rule, by a rule of the owner's own, or by hand."""

    __tablename__ = "tags"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name_key"),
        CheckConstraint("rule IS NULL OR definition IS NULL", name="one_rule"),
    )

    name: Mapped[str]
    words: Mapped[str] = mapped_column(server_default="")  # one sentence for people
    rule: Mapped[str | None]  # the built-in rule's name
    definition: Mapped[dict[str, Any] | None]  # a condition tree of the owner's own
    failed_at: Mapped[datetime | None]  # when its rule could not be answered; None since it can
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))


class MemberTag(TenantKeyed, Base):
    """A tag that a member has now: since when, because of what, and when it will lapse by itself."""

    __tablename__ = "member_tags"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "tag_id"], ["tags.tenant_id", "tags.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        CheckConstraint("source IN ('rule', 'hand', 'automation', 'import', 'api')", name="source"),
        Index(None, "tenant_id", "member_id"),
        Index("ix_member_tags_since", "tenant_id", "tag_id", "applied_at", "member_id"),
        Index("ix_member_tags_lapsing", "tenant_id", "lapses_on", postgresql_where=text("lapses_on IS NOT NULL")),
    )

    tag_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    applied_at: Mapped[datetime]
    source: Mapped[str]
    because: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # {"purchase": 7, "on": "2026-05-12"}
    lapses_on: Mapped[date | None]
