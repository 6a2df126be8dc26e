from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class MemberMerge(TenantOwned, Base):
    """Two rows that were one person: what was kept, what went, who said so."""

    __tablename__ = "member_merges"
    __table_args__ = (
        UniqueConstraint("tenant_id", "gone_id"),
        ForeignKeyConstraint(["tenant_id", "kept_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "gone_id"], ["members.tenant_id", "members.id"]),
        Index(None, "tenant_id", "kept_id"),
    )

    kept_id: Mapped[int]
    gone_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    actor: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class MemberAlias(TenantKeyed, Base):
    """An address or number by which a member is found too, because a merged row of theirs had it."""

    __tablename__ = "member_aliases"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        CheckConstraint("kind IN ('external_id', 'email', 'phone', 'card')", name="kind"),
        Index(None, "tenant_id", "member_id"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)  # e-mail in lower case, phone in E.164
    member_id: Mapped[int]


class DistinctPair(TenantKeyed, Base):
    """Two members who look like one and are not: somebody who knows them said so."""

    __tablename__ = "distinct_pairs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "first_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "second_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        CheckConstraint("first_id < second_id", name="in_order"),
    )

    first_id: Mapped[int] = mapped_column(primary_key=True)
    second_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
