"""Which share of the guests a reward's messages leave out, to see what they bring."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("rewards", sa.Column("control_group_percent", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_rewards_control_group_percent"), "rewards", "control_group_percent BETWEEN 0 AND 50"
    )
