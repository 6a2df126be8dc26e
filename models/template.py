from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class Template(TenantOwned, Base):
    """Wording with gaps. What was saved last is also its newest version, which is what members receive."""

    __tablename__ = "templates"
    __table_args__ = (Index(None, "tenant_id", "channel"),)

    name: Mapped[str]
    channel: Mapped[str]
    occasion: Mapped[str] = mapped_column(server_default="any")  # which placeholders exist: any, reward, purchase …
    subject: Mapped[str | None]
    body: Mapped[str | None]
    blocks: Mapped[list[Any] | None]
    approved_as: Mapped[str | None]  # the id under which the channel's provider approved this wording
    version: Mapped[int] = mapped_column(server_default="1")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)


class TemplateVersion(TenantOwned, Base):
    """A template as it was saved once: checked, compiled to HTML and text, inlined. Never changes."""

    __tablename__ = "template_versions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "template_id"], ["templates.tenant_id", "templates.id"]),
        UniqueConstraint("tenant_id", "template_id", "number"),
    )

    template_id: Mapped[int]
    number: Mapped[int]
    subject: Mapped[str | None]
    html: Mapped[str | None]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
