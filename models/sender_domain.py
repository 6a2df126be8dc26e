from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class SenderDomain(TenantOwned, Base):
    """A domain a café writes mail from, the key that signs it, and what its DNS said when it was last looked at.

    Mail is signed from the first look on that found the key's record (`signs_since`).
    """

    __tablename__ = "sender_domains"
    __table_args__ = (UniqueConstraint("tenant_id", "domain"),)

    domain: Mapped[str]
    selector: Mapped[str]
    private_key: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    public_key: Mapped[str]
    findings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # {"spf": "good" | "missing" | …}
    checked_at: Mapped[datetime | None]
    signs_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
