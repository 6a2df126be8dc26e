"""Delivery: more in reports, wordings that a provider approved, gateways that share, rest and keep a rate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import count_across_cafes, wall_off

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "reports",
        sa.Column(
            "properties", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("templates", sa.Column("approved_as", sa.Text(), nullable=True))
    for column in (
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("per_minute", sa.BigInteger(), nullable=True),
        sa.Column("allowance", sa.Double(), server_default="0", nullable=False),
        sa.Column("allowance_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rests", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("gateways", column)
    op.create_check_constraint(op.f("ck_gateways_per_minute_positive"), "gateways", "per_minute > 0")
    op.create_table(
        "sender_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signs_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sender_domains_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sender_domains")),
        sa.UniqueConstraint("tenant_id", "domain", name=op.f("uq_sender_domains_tenant_id_domain")),
    )
    wall_off("sender_domains")
    for asking in ("segments", "tags"):
        op.add_column(asking, sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("DROP FUNCTION agenda_deliveries(timestamptz)")
    count_across_cafes(
        "agenda_deliveries", "at timestamptz", "tenant_id bigint, gateway_id bigint, lane text", DELIVERIES
    )


DELIVERIES = """
    SELECT g.tenant_id, g.id, lanes.lane
      FROM gateways g JOIN tenants t ON t.id = g.tenant_id
      CROSS JOIN (VALUES ('instant'), ('mass')) AS lanes (lane)
     WHERE g.stopped_at IS NULL AND (g.rests_until IS NULL OR g.rests_until <= at) AND t.paused_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM gateways b
                        WHERE b.tenant_id = g.tenant_id AND b.channel = g.channel AND b.position < g.position
                          AND b.stopped_at IS NULL AND (b.rests_until IS NULL OR b.rests_until <= at))
       AND EXISTS (SELECT 1 FROM messages m
                    WHERE m.tenant_id = g.tenant_id AND m.channel = g.channel AND m.lane = lanes.lane
                      AND m.state = 'planned' AND m.due_at <= at)
"""
