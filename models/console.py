from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, TenantKeyed, TenantOwned

NAMES = "name IN ('tags', 'newsletters')"


class Console(TenantKeyed, Base):
    """A job that a café has run on a schedule: its cron line in the café's zone, and when it is due next."""

    __tablename__ = "consoles"
    __table_args__ = (
        CheckConstraint(NAMES, name="name"),
        Index("ix_consoles_due", "next_at", postgresql_where=text("is_active")),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    is_active: Mapped[bool]
    cron: Mapped[str]
    next_at: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class ConsoleRun(TenantOwned, Base):
    """One run of a console: for which slot, by whose doing, how long, and what it did."""

    __tablename__ = "console_runs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", "slot", name="uq_console_runs_once"),
        ForeignKeyConstraint(["tenant_id", "name"], ["consoles.tenant_id", "consoles.name"]),
        CheckConstraint("trigger IN ('schedule', 'button', 'command')", name="trigger"),
        Index(None, "tenant_id", "name", "started_at"),
    )

    name: Mapped[str]
    trigger: Mapped[str]
    slot: Mapped[datetime | None]  # the scheduled instant; none when somebody asked
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    problem: Mapped[str | None]
