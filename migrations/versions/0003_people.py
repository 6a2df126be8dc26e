"""People: wordings of consent, pauses, sign-ups, other addresses of merged members, and the two ways in which rows that
are never edited may change: who they belong to after a merge, and a forgotten person's words."""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import let_owner_change, wall_off

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("consents", sa.Column("is_dated", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("consents", sa.Column("recorded_by", sa.Text(), server_default="", nullable=False))
    op.add_column("consent_states", sa.Column("is_dated", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("consent_states", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_member_merges_tenant_id_kept_id"), "member_merges", ["tenant_id", "kept_id"], unique=False)
    op.create_table(
        "wordings",
        _tenant(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("place IN ('preferences', 'join', 'till')", name=op.f("ck_wordings_place")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_wordings_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_wordings")),
        sa.UniqueConstraint("tenant_id", "place", "language", "number", name="uq_wordings_number"),
    )
    op.create_table(
        "sign_ups",
        _tenant(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_version", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        _member("sign_ups", "member_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sign_ups_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sign_ups")),
    )
    op.create_index(op.f("ix_sign_ups_tenant_id_email"), "sign_ups", ["tenant_id", "email"], unique=False)
    op.create_index("ix_sign_ups_expiring", "sign_ups", ["expires_at"], unique=False)
    op.create_table(
        "member_aliases",
        _tenant(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('external_id', 'email', 'phone', 'card')", name=op.f("ck_member_aliases_kind")),
        _member("member_aliases", "member_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_member_aliases_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "value", name=op.f("pk_member_aliases")),
    )
    op.create_index(
        op.f("ix_member_aliases_tenant_id_member_id"), "member_aliases", ["tenant_id", "member_id"], unique=False
    )
    op.create_table(
        "distinct_pairs",
        _tenant(),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_distinct_pairs_in_order")),
        _member("distinct_pairs", "first_id"),
        _member("distinct_pairs", "second_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_distinct_pairs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "first_id", "second_id", name=op.f("pk_distinct_pairs")),
    )

    wall_off("wordings", app_may="SELECT, INSERT")
    for table in ("sign_ups", "member_aliases", "distinct_pairs"):
        wall_off(table)
    let_owner_change(
        "move_to_kept", tables=("consents", "ledger_entries"), arguments="gone bigint, kept bigint", statements=MOVE
    )
    let_owner_change(
        "forget_words", tables=("consents", "ledger_entries"), arguments="erased bigint", statements=FORGET
    )


def _tenant() -> sa.Column:
    bound = sa.text("current_setting('app.tenant_id')::bigint")
    return sa.Column("tenant_id", sa.BigInteger(), server_default=bound, nullable=False)


def _member(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}")
    there = ["members.tenant_id", "members.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], there, name=name, ondelete="CASCADE")


MOVE = """
    UPDATE consents c SET member_id = m.kept_id FROM member_merges m
     WHERE m.tenant_id = c.tenant_id AND m.gone_id = gone AND m.kept_id = kept AND c.member_id = gone
       AND c.tenant_id = current_setting('app.tenant_id')::bigint;
    UPDATE ledger_entries e SET member_id = m.kept_id FROM member_merges m
     WHERE m.tenant_id = e.tenant_id AND m.gone_id = gone AND m.kept_id = kept AND e.member_id = gone
       AND e.tenant_id = current_setting('app.tenant_id')::bigint;
"""
FORGET = """
    UPDATE consents c SET source = '', wording = '', wording_version = '', address = '', recorded_by = ''
      FROM members m
     WHERE m.tenant_id = c.tenant_id AND m.id = c.member_id AND m.erased_at IS NOT NULL AND m.id = erased
       AND c.tenant_id = current_setting('app.tenant_id')::bigint;
    UPDATE ledger_entries e SET reason = '', cause = 'points:erased:' || e.id
      FROM members m
     WHERE m.tenant_id = e.tenant_id AND m.id = e.member_id AND m.erased_at IS NOT NULL AND m.id = erased
       AND e.kind = 'adjusted' AND e.tenant_id = current_setting('app.tenant_id')::bigint;
"""
