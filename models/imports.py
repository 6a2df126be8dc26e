from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class Import(TenantOwned, Base):
    """A file of members or purchases on its way in: how it is read, how far it is, what became of its rows."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("kind IN ('members', 'purchases')", name="kind"),
        CheckConstraint(
            "state IN ('uploaded', 'waiting', 'running', 'rehearsed', 'done', 'refused', 'undone')", name="state"
        ),
        CheckConstraint("task IN ('rehearse', 'load', 'undo')", name="task"),
        Index("ix_imports_waiting", "created_at", postgresql_where=text("state IN ('waiting', 'running')")),
        Index("ix_imports_kept", "kept_until", postgresql_where=text("kept_until IS NOT NULL")),
    )

    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="uploaded")
    task: Mapped[str] = mapped_column(server_default="rehearse")  # what it waits for, is at, or did last
    file_name: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # encoding, delimiter, dates, mapping
    rows_total: Mapped[int | None]
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_done: Mapped[int] = mapped_column(server_default="0")
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # created, updated, unchanged, refused
    problem: Mapped[dict[str, Any] | None]  # why it was refused: words with gaps, and what fills them
    user_id: Mapped[int | None]
    tries: Mapped[int] = mapped_column(server_default="0")  # how often a worker took it
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]  # the file, its rows and what they changed are there until then


class ImportPart(TenantKeyed, Base):
    """A piece of the file, so that a worker on any machine can read it; gone a day after the import."""

    __tablename__ = "import_parts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"),
    )

    import_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRemark(TenantOwned, Base):
    """What was wrong with a row: refused, or saved with a warning."""

    __tablename__ = "import_remarks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "import_id", "line"),
    )

    import_id: Mapped[int]
    line: Mapped[int]
    field: Mapped[str]
    words: Mapped[str]  # with gaps, which `values` fill
    values: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    is_refusal: Mapped[bool]
    row: Mapped[list[Any] | None]  # as it stood in the file, for the file of refused rows


class ImportChange(TenantKeyed, Base):
    """What an import changed of a member who was there, kept for a day so that it can be undone.

    Whom it enrolled stands in the events of their registration.
    """

    __tablename__ = "import_changes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"], ondelete="CASCADE"),
    )

    import_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]  # the fields before
    became: Mapped[dict[str, Any]]
