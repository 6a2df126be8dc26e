"""Watching: what lies in the lanes of all cafés, gateways in trouble, stuck work, and how promptly each day was served."""

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import count_across_cafes, open_to_app

revision = "0005"
down_revision = "0004"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "prompt_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("handed_over", sa.BigInteger(), nullable=False),
        sa.Column("promptly", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_prompt_days")),
    )
    open_to_app("prompt_days")
    op.create_index("ix_messages_sent_at", "messages", ["sent_at"], postgresql_using="brin")
    op.create_index("ix_messages_settled_at", "messages", ["settled_at"], postgresql_using="brin")
    for function in WATCH:
        count_across_cafes(*function)


WATCH = (
    (
        "watch_lanes",
        "at timestamptz",
        "lane text, due bigint, oldest timestamptz, in_work bigint, leases_expired bigint",
        """
        SELECT lanes.lane, coalesce(d.due, 0), d.oldest, coalesce(w.in_work, 0), coalesce(w.expired, 0)
          FROM (VALUES ('instant'), ('mass')) AS lanes (lane)
          LEFT JOIN (SELECT m.lane, count(*) AS due, min(m.due_at) AS oldest FROM messages m
                      WHERE m.state = 'planned' AND m.due_at <= at GROUP BY m.lane) d ON d.lane = lanes.lane
          LEFT JOIN (SELECT m.lane, count(*) AS in_work, count(*) FILTER (WHERE m.lease_until < at) AS expired
                       FROM messages m WHERE m.state IN ('claimed', 'attempting') GROUP BY m.lane) w
                 ON w.lane = lanes.lane""",
    ),
    (
        "watch_gateways",
        "at timestamptz",
        "tenant_id bigint, gateway_id bigint, channel text, provider text, stopped_at timestamptz, "
        "rests_until timestamptz, trouble bigint, due bigint",
        """
        SELECT g.tenant_id, g.id, g.channel, g.provider, g.stopped_at,
               CASE WHEN g.rests_until > at THEN g.rests_until END, g.trouble,
               (SELECT count(*) FROM messages m WHERE m.tenant_id = g.tenant_id AND m.channel = g.channel
                   AND m.state = 'planned' AND m.due_at <= at)
          FROM gateways g
         WHERE g.stopped_at IS NOT NULL OR g.rests_until > at OR g.trouble > 0
         ORDER BY g.stopped_at IS NULL, g.tenant_id, g.id""",
    ),
    (
        "watch_settled",
        "since timestamptz",
        "state text, number bigint, p50 double precision, p95 double precision",
        """
        SELECT m.state, count(*),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM m.sent_at - m.due_at)),
               percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM m.sent_at - m.due_at))
          FROM messages m WHERE m.settled_at >= since GROUP BY m.state""",
    ),
    (
        "watch_stuck",
        "before timestamptz",
        "tenant_id bigint, work text, number bigint, oldest timestamptz",
        """
        SELECT m.tenant_id, 'messages', count(*), min(m.due_at) FROM messages m
         WHERE m.state = 'planned' AND m.due_at <= before GROUP BY m.tenant_id
         UNION ALL
        SELECT r.tenant_id, 'reports', count(*), min(r.recorded_at) FROM reports r
         WHERE r.applied_at IS NULL AND r.recorded_at <= before GROUP BY r.tenant_id
         UNION ALL
        SELECT h.tenant_id, 'hooks', count(*), min(h.due_at) FROM inbound_hooks h
         WHERE h.state = 'new' AND h.due_at <= before GROUP BY h.tenant_id
         UNION ALL
        SELECT u.tenant_id, 'members', count(*), min(u.touched_at) FROM member_summaries u
         WHERE u.touched_at <= before GROUP BY u.tenant_id
         ORDER BY 4""",
    ),
    (
        "watch_day",
        "begins timestamptz, ends timestamptz, within interval",
        "handed_over bigint, promptly bigint",
        """
        SELECT count(*), count(*) FILTER (WHERE m.sent_at - greatest(m.due_at, m.created_at) <= within)
          FROM messages m WHERE m.sent_at >= begins AND m.sent_at < ends""",
    ),
)
