"""What every table is made of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, MetaData, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BOUND_TENANT = text("current_setting('app.tenant_id')::bigint")
NOW = text("now()")


class Base(DeclarativeBase):
    """All tables. Times are aware, money and points are whole numbers, free form is JSONB."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (read by SQLAlchemy as it stands)
        datetime: DateTime(timezone=True),
        date: Date(),
        int: BigInteger(),
        str: Text(),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(none_as_null=True),  # nothing is NULL, never the null of JSON
        list[Any]: JSONB(none_as_null=True),
        list[str]: JSONB(none_as_null=True),
    }


class TenantKeyed:
    """A row of one café: its key begins with the café, and row-level security hides it from all others."""

    tenant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tenants.id"), primary_key=True, server_default=BOUND_TENANT, sort_order=-10
    )


class TenantOwned(TenantKeyed):
    """A row of one café with a number of its own."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-9)
