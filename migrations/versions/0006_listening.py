"""Providers that are listened to, and texts that leave in several parts."""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import count_across_cafes, wall_off

revision = "0006"
down_revision = "0005"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in ("heard_at", "heard_until"):
        op.add_column("gateways", sa.Column(column, TIMESTAMP, nullable=True))
    op.add_column("gateways", sa.Column("heard_by", sa.Text(), nullable=True))
    op.create_table(
        "message_parts",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("delivered_at", TIMESTAMP, nullable=True),
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_parts_tenant_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "gateway_id"],
            ["gateways.tenant_id", "gateways.id"],
            name=op.f("fk_message_parts_tenant_id_gateway_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_message_parts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_parts")),
        sa.UniqueConstraint(
            "tenant_id", "message_id", "number", name=op.f("uq_message_parts_tenant_id_message_id_number")
        ),
    )
    op.create_index(
        op.f("ix_message_parts_tenant_id_gateway_id_ref"), "message_parts", ["tenant_id", "gateway_id", "ref"]
    )
    wall_off("message_parts")
    count_across_cafes(
        "agenda_listening", "before timestamptz, listened text[]", "tenant_id bigint, gateway_id bigint", LISTENING
    )


LISTENING = """
    SELECT tenant_id, id FROM gateways
     WHERE provider = ANY(listened) AND stopped_at IS NULL AND (heard_at IS NULL OR heard_at < before)
       AND (heard_until IS NULL OR heard_until < clock_timestamp())
"""
