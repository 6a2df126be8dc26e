from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantOwned


class GatewayAccount(TenantOwned, Base):
    """A café's account with one provider of a channel. Credentials are encrypted; a stopped one sends nothing."""

    __tablename__ = "gateways"
    __table_args__ = (Index(None, "tenant_id", "channel"),)

    channel: Mapped[str]
    provider: Mapped[str]
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    sender: Mapped[str] = mapped_column(server_default="")
    sender_name: Mapped[str] = mapped_column(server_default="")
    set_by_operator: Mapped[bool] = mapped_column(server_default="false")  # its addresses are trusted
    stopped_at: Mapped[datetime | None]
    stopped_because: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
