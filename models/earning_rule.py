from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class EarningRule(TenantOwned, Base):
    """How a purchase earns points of one currency: per amount, per item of a category, or a multiplier of the rest."""

    __tablename__ = "earning_rules"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "currency_id"], ["currencies.tenant_id", "currencies.id"]),
        Index(None, "tenant_id", "currency_id"),
        CheckConstraint("num_nonnulls(points_per_unit, per_item, multiplier) = 1", name="one_way_of_earning"),
        CheckConstraint("points_per_unit >= 0", name="points_per_unit_not_negative"),
        CheckConstraint("multiplier >= 0", name="multiplier_not_negative"),
        CheckConstraint("lifetime_days > 0", name="lifetime_positive"),
        CheckConstraint("activates_after_days >= 0", name="activation_not_before"),
    )

    name: Mapped[str]
    currency_id: Mapped[int]
    points_per_unit: Mapped[Decimal | None]  # points for one whole unit of the café's money
    per_item: Mapped[dict[str, Any] | None]  # {"category": "hot drinks", "points": 2}
    multiplier: Mapped[Decimal | None]
    condition: Mapped[dict[str, Any] | None]  # a condition tree over facts of the purchase
    activates_after_days: Mapped[int | None]
    lifetime_days: Mapped[int | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
