from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NOW, Base, TenantKeyed, TenantOwned


class Consent(TenantOwned, Base):
    """A member's yes or no for one channel and topic, as it was given. Rows are added, never edited."""

    __tablename__ = "consents"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        Index(None, "tenant_id", "member_id"),
    )

    member_id: Mapped[int]
    channel: Mapped[str]
    topic: Mapped[str]
    granted: Mapped[bool]
    given_at: Mapped[datetime]  # when the member said so
    is_dated: Mapped[bool] = mapped_column(server_default="true")  # false: we only know when we heard of it
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    recorded_by: Mapped[str] = mapped_column(server_default="")  # user:7, key:3, or nobody: the member did it
    source: Mapped[str]
    wording: Mapped[str] = mapped_column(server_default="")
    wording_version: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")


class ConsentState(TenantKeyed, Base):
    """What follows from a member's consents for one channel and topic, kept in the transaction that records one."""

    __tablename__ = "consent_states"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "member_id"], ["members.tenant_id", "members.id"]),
        ForeignKeyConstraint(["tenant_id", "consent_id"], ["consents.tenant_id", "consents.id"]),
        Index(None, "tenant_id", "channel", "topic", "granted"),
    )

    member_id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    since: Mapped[datetime]
    is_dated: Mapped[bool] = mapped_column(server_default="true")  # false: a yes that any dated no outweighs
    closed_at: Mapped[datetime | None]  # the member's latest own no, however long ago
    paused_until: Mapped[datetime | None]  # the member wants quiet for a while; what they agreed to stays
    consent_id: Mapped[int]


class Wording(TenantOwned, Base):
    """What a café asks its guests in one place and language. A new text is a new number, old ones never change."""

    __tablename__ = "wordings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "place", "language", "number", name="uq_wordings_number"),
        CheckConstraint("place IN ('preferences', 'join', 'till')", name="place"),
    )

    place: Mapped[str]
    language: Mapped[str]
    number: Mapped[int]
    words: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Suppression(TenantOwned, Base):
    """An address we must not send to, whatever the consent says."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index(
            "uq_suppressions_standing",
            "tenant_id",
            "channel",
            "address",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    channel: Mapped[str]
    address: Mapped[str]  # e-mail in lower case, phone in E.164
    reason: Mapped[str]
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(server_default="")
