"""What a café sets itself: how often guests hear from it, what that may cost, where Viber stays closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for column in (
        sa.Column("promotional_per_day", sa.SmallInteger(), server_default="2", nullable=False),
        sa.Column("promotional_per_week", sa.SmallInteger(), server_default="4", nullable=False),
        sa.Column("monthly_cap_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "viber_closed",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[\"RU\"]'"),
            nullable=False,
        ),
    ):
        op.add_column("tenants", column)
    op.create_check_constraint(
        op.f("ck_tenants_promotional_positive"), "tenants", "promotional_per_day > 0 AND promotional_per_week > 0"
    )
    op.create_check_constraint(op.f("ck_tenants_monthly_cap_not_negative"), "tenants", "monthly_cap_minor >= 0")
