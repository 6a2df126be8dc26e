from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, TenantOwned


class Link(TenantOwned, Base):
    """An address that stood in a message of the café's. A counted link leads to one of these, and nowhere else."""

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("tenant_id", "address", name="uq_links_address"),)

    address: Mapped[str]
