"""Audience: summaries of purchases, segments, tags, consoles, imports, merges."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import count_across_cafes, let_app_refresh, wall_off

revision = "0002"
down_revision = "0001"


# PostgreSQL sums whole numbers up as exact decimals, which takes twice as long and several times the memory.
WHOLE_SUM = """
    CREATE AGGREGATE whole_sum(bigint) (sfunc = int8pl, stype = bigint, combinefunc = int8pl, parallel = safe)"""


def upgrade() -> None:
    op.execute(WHOLE_SUM)
    op.create_table(
        "audience_days",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("recomputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audience_days_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audience_days")),
    )
    op.create_table(
        "consoles",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "settings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint("name IN ('tags', 'newsletters')", name=op.f("ck_consoles_name")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_consoles_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_consoles")),
    )
    op.create_index("ix_consoles_due", "consoles", ["next_at"], unique=False, postgresql_where=sa.text("is_active"))
    op.create_table(
        "imports",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="uploaded", nullable=False),
        sa.Column("task", sa.Text(), server_default="rehearse", nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "figures",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('members', 'purchases')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint(
            "state IN ('uploaded', 'waiting', 'running', 'rehearsed', 'done', 'refused', 'undone')",
            name=op.f("ck_imports_state"),
        ),
        sa.CheckConstraint("task IN ('rehearse', 'load', 'undo')", name=op.f("ck_imports_task")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports")),
    )
    op.create_index(
        "ix_imports_kept", "imports", ["kept_until"], unique=False, postgresql_where=sa.text("kept_until IS NOT NULL")
    )
    op.create_index(
        "ix_imports_waiting",
        "imports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "segments",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=True),
        sa.Column("parameters", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("border_minor", sa.BigInteger(), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.CheckConstraint("preset IN ('new', 'top', 'defecting')", name=op.f("ck_segments_preset")),
        sa.CheckConstraint(
            "(preset IS NULL) <> (definition IS NULL)", name=op.f("ck_segments_a_preset_or_a_definition")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_segments_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_segments")),
    )
    op.create_index(
        "uq_segments_name",
        "segments",
        ["tenant_id", "name_key"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(op.f("ix_segments_tenant_id_archived_at"), "segments", ["tenant_id", "archived_at"], unique=False)
    op.create_table(
        "tags",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.CheckConstraint("rule IS NULL OR definition IS NULL", name=op.f("ck_tags_one_rule")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tags_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tags")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_tags_tenant_id_name_key")),
    )
    op.create_table(
        "console_runs",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "figures",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("trigger IN ('schedule', 'button', 'command')", name=op.f("ck_console_runs_trigger")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "name"], ["consoles.tenant_id", "consoles.name"], name=op.f("fk_console_runs_tenant_id_name")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_console_runs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_console_runs")),
        sa.UniqueConstraint("tenant_id", "name", "slot", name="uq_console_runs_once"),
    )
    op.create_index(
        op.f("ix_console_runs_tenant_id_name_started_at"),
        "console_runs",
        ["tenant_id", "name", "started_at"],
        unique=False,
    )
    op.create_table(
        "import_changes",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("was", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("became", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_changes_tenant_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_import_changes_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_import_changes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "member_id", name=op.f("pk_import_changes")),
    )
    op.create_table(
        "import_parts",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_parts_tenant_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_import_parts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "number", name=op.f("pk_import_parts")),
    )
    op.create_table(
        "import_remarks",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column(
            "values",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("is_refusal", sa.Boolean(), nullable=False),
        sa.Column("row", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_remarks_tenant_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_import_remarks_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_import_remarks")),
    )
    op.create_index(
        op.f("ix_import_remarks_tenant_id_import_id_line"),
        "import_remarks",
        ["tenant_id", "import_id", "line"],
        unique=False,
    )
    op.create_table(
        "member_merges",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("gone_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "gone_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_member_merges_tenant_id_gone_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "kept_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_member_merges_tenant_id_kept_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_member_merges_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_member_merges")),
        sa.UniqueConstraint("tenant_id", "gone_id", name=op.f("uq_member_merges_tenant_id_gone_id")),
    )
    op.create_table(
        "member_summaries",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pos_purchases", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("net_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pos_net_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("pos_paid_on", sa.Date(), nullable=True),
        sa.Column("year_purchases", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("year_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_member_summaries_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_member_summaries_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "member_id", name=op.f("pk_member_summaries")),
    )
    op.create_index(
        "ix_member_summaries_first", "member_summaries", ["tenant_id", "purchases", "first_on"], unique=False
    )
    op.create_index("ix_member_summaries_last", "member_summaries", ["tenant_id", "last_on"], unique=False)
    op.create_index(
        "ix_member_summaries_touched",
        "member_summaries",
        ["tenant_id", "touched_at"],
        unique=False,
        postgresql_where=sa.text("touched_at IS NOT NULL"),
    )
    op.create_index(
        "ix_member_summaries_year", "member_summaries", ["tenant_id", "year_minor", "year_purchases"], unique=False
    )
    op.create_table(
        "member_tags",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "because",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("lapses_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "source IN ('rule', 'hand', 'automation', 'import', 'api')", name=op.f("ck_member_tags_source")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_member_tags_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tag_id"],
            ["tags.tenant_id", "tags.id"],
            name=op.f("fk_member_tags_tenant_id_tag_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_member_tags_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "tag_id", "member_id", name=op.f("pk_member_tags")),
    )
    op.create_index(
        "ix_member_tags_lapsing",
        "member_tags",
        ["tenant_id", "lapses_on"],
        unique=False,
        postgresql_where=sa.text("lapses_on IS NOT NULL"),
    )
    op.create_index(
        "ix_member_tags_since", "member_tags", ["tenant_id", "tag_id", "applied_at", "member_id"], unique=False
    )
    op.create_index(op.f("ix_member_tags_tenant_id_member_id"), "member_tags", ["tenant_id", "member_id"], unique=False)
    op.create_table(
        "purchase_days",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_purchase_days_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_purchase_days_tenant_id")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "member_id",
            "day",
            "channel",
            name=op.f("pk_purchase_days"),
            postgresql_include=["purchases", "net_minor"],
        ),
    )
    op.create_index(
        "ix_purchase_days_day",
        "purchase_days",
        ["tenant_id", "day"],
        unique=False,
        postgresql_include=["member_id", "channel", "purchases", "net_minor"],
    )
    op.create_table(
        "segment_members",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_segment_members_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "segment_id"],
            ["segments.tenant_id", "segments.id"],
            name=op.f("fk_segment_members_tenant_id_segment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_segment_members_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "member_id", name=op.f("pk_segment_members")),
    )
    op.create_index(
        op.f("ix_segment_members_tenant_id_member_id"), "segment_members", ["tenant_id", "member_id"], unique=False
    )
    op.create_table(
        "segment_sizes",
        sa.Column(
            "tenant_id",
            sa.BigInteger(),
            server_default=sa.text("current_setting('app.tenant_id')::bigint"),
            nullable=False,
        ),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "segment_id"],
            ["segments.tenant_id", "segments.id"],
            name=op.f("fk_segment_sizes_tenant_id_segment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_segment_sizes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "day", name=op.f("pk_segment_sizes")),
    )

    op.add_column("redemptions", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    wall_off("member_merges", app_may="SELECT, INSERT")
    for table in LIVING:
        wall_off(table)
    for function in AGENDA:
        count_across_cafes(*function)
    let_app_refresh("refresh_audience", "members", "consents", "consent_states", "member_tags", "member_summaries")


LIVING = (
    "audience_days",
    "console_runs",
    "consoles",
    "import_changes",
    "import_parts",
    "import_remarks",
    "imports",
    "member_summaries",
    "member_tags",
    "purchase_days",
    "segment_members",
    "segment_sizes",
    "segments",
    "tags",
)
AGENDA = (
    (
        "agenda_touched",
        "at timestamptz",
        "tenant_id bigint",
        """
        SELECT id FROM tenants t
         WHERE EXISTS (SELECT FROM member_summaries s WHERE s.tenant_id = t.id AND s.touched_at <= at)
        """,
    ),
    (
        "agenda_midnights",
        "at timestamptz",
        "tenant_id bigint",
        """
        SELECT t.id FROM tenants t LEFT JOIN audience_days d ON d.tenant_id = t.id
         WHERE d.day IS DISTINCT FROM (at AT TIME ZONE t.timezone)::date OR d.timezone <> t.timezone
            OR d.recomputed_at IS NULL
        """,
    ),
    (
        "agenda_consoles",
        "at timestamptz",
        "tenant_id bigint, name text",
        "SELECT tenant_id, name FROM consoles WHERE is_active AND next_at <= at",
    ),
    (
        "agenda_imports",
        "at timestamptz",
        "tenant_id bigint, import_id bigint",
        """
        SELECT tenant_id, id FROM imports
         WHERE state = 'waiting' AND created_at <= at OR state = 'running' AND lease_until < now()
            OR kept_until <= at AND state NOT IN ('waiting', 'running')
        """,
    ),
)
