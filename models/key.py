from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base


class ApiKey(Base):
    """A café's key to the API; only its hash is kept. Platform table: it tells which café calls."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "tenant_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]  # the last characters, so that an owner can tell keys apart
    name: Mapped[str] = mapped_column(server_default="")
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    revoked_at: Mapped[datetime | None]


class HookToken(Base):
    """The secret part of a hook's address; only its hash is kept. Platform table: it tells which café is meant."""

    __tablename__ = "hook_tokens"
    __table_args__ = (CheckConstraint("target_kind IN ('gateway', 'connector')", name="target_kind"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    provider: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
