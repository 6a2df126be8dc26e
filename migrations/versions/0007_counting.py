"""Counting what guests open and click: the addresses that messages held, the café's way of counting, the guest's word."""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import wall_off

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_links_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_links")),
        sa.UniqueConstraint("tenant_id", "address", name=op.f("uq_links_address")),
    )
    wall_off("links", app_may="SELECT, INSERT")
    op.add_column("tenants", sa.Column("counting", sa.Text(), server_default="unless_declined", nullable=False))
    op.add_column("members", sa.Column("may_count", sa.Boolean(), nullable=True))
