from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, TenantKeyed


class MemberSummary(TenantKeyed, Base):
    """What a member bought so far, kept in the transaction of each purchase and refund.

    Purchases that were refunded in full never happened. Days are the café's. `year_purchases` and `year_minor` cover
    `AudienceDay.day` and the 365 days before it. `touched_at` says that segments and tags are to look again.
    """

    __tablename__ = "member_summaries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        Index("ix_member_summaries_first", "tenant_id", "purchases", "first_on"),
        Index("ix_member_summaries_last", "tenant_id", "last_on"),
        Index("ix_member_summaries_year", "tenant_id", "year_minor", "year_purchases"),
        Index(
            "ix_member_summaries_touched", "tenant_id", "touched_at", postgresql_where=text("touched_at IS NOT NULL")
        ),
    )

    member_id: Mapped[int] = mapped_column(primary_key=True)
    purchases: Mapped[int] = mapped_column(server_default="0")
    pos_purchases: Mapped[int] = mapped_column(server_default="0")
    net_minor: Mapped[int] = mapped_column(server_default="0")
    pos_net_minor: Mapped[int] = mapped_column(server_default="0")
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]  # the last day with net revenue, in any channel
    pos_paid_on: Mapped[date | None]  # the same in a shop
    year_purchases: Mapped[int] = mapped_column(server_default="0")
    year_minor: Mapped[int] = mapped_column(server_default="0")
    touched_at: Mapped[datetime | None]


class PurchaseDay(TenantKeyed, Base):
    """A member's purchases of one of the café's days and one channel, for what enters and leaves a window.

    Both indexes hold all of it: windows are summed up by the day for everybody, by the member for a few.
    """

    __tablename__ = "purchase_days"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
        PrimaryKeyConstraint("tenant_id", "member_id", "day", "channel", postgresql_include=["purchases", "net_minor"]),
        Index(
            "ix_purchase_days_day",
            "tenant_id",
            "day",
            postgresql_include=["member_id", "channel", "purchases", "net_minor"],
        ),
    )

    member_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    purchases: Mapped[int]
    net_minor: Mapped[int]


class AudienceDay(TenantKeyed, Base):
    """The café's day that its summaries, tags and segments stand at; when it is over, the calendar is asked again."""

    __tablename__ = "audience_days"

    day: Mapped[date]
    timezone: Mapped[str]  # of the days; another one means counting them anew
    recomputed_at: Mapped[datetime | None]
