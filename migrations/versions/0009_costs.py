"""What messages cost: the price of a part at each gateway, and what each message was priced at and when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("gateways", sa.Column("price_per_part", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_gateways_price_not_negative"), "gateways", "price_per_part >= 0")
    op.add_column("messages", sa.Column("cost", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("priced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_messages_priced",
        "messages",
        ["tenant_id", "priced_at"],
        postgresql_include=["state", "cost"],
        postgresql_where=sa.text("priced_at IS NOT NULL"),
    )
