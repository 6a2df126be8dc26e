"""What delivery hands to the outside world and what comes back. Gateways implement it; rules know no provider."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

STAFF = "staff"  # the address of the café's own people on a channel that no guest reads


class SendOutcome(StrEnum):
    """What a hand-over told us."""

    ACCEPTED = "accepted"
    TRY_LATER = "try_later"  # provably nothing was handed over, or the provider said "later"
    REFUSED = "refused"  # a final no to this message
    UNSURE = "unsure"  # it may have arrived: never repeated by itself
    GATEWAY_DOWN = "gateway_down"  # credentials or configuration: the gateway stops, its messages stay planned


@dataclass(frozen=True, slots=True)
class ApprovedWording:
    """A wording that the provider has approved, by its id there, with what fills its gaps in order."""

    id: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One rendered message on its way out.

    `body` is the whole RFC 5322 message as bytes for e-mail, the text for everything else. `to` is an address of the
    channel: e-mail address, E.164 number, or `STAFF`. `ref` is our own stable reference (Message-ID, status callback).
    `approved` is given where a provider only takes wordings it has seen before.
    """

    message_id: int
    to: str
    body: str | bytes
    ref: str
    expires_at: datetime | None = None
    approved: ApprovedWording | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What one hand-over told us. `retry_after` in seconds where the provider said so.

    `suppress` names why this address must not be written to again (`invalid_address`, `opted_out`), else None.
    `part_refs` are the ids of a text that left in several parts, None for a part that was not taken: it is delivered
    when all of them are.
    """

    message_id: int
    outcome: SendOutcome
    provider_ref: str | None = None
    detail: str = ""
    retry_after: int | None = None
    suppress: str | None = None
    part_refs: tuple[str | None, ...] = ()


class Gateway(Protocol):
    """Our adapter to one provider of a channel, with its connection kept open until `close`."""

    channel: str
    group_size: int  # how many messages one crash can leave unsure

    def send(self, outgoing: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over a group; exactly one result per message, in any order. Never raises for what a provider does."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class ReportKind(StrEnum):
    """What a provider later told about a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One report of a provider, in our words. `key` makes repeated reports the same; `suppress` as in `SendResult`.

    `properties` say more about an opening or a click: `{"url": …, "machine": true}`.
    """

    key: str
    kind: ReportKind
    provider_ref: str | None = None
    message_id: int | None = None
    detail: str = ""
    suppress: str | None = None
    at: datetime | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that a guest sent us: `body` as typed, from an E.164 number. `networks_confirm`: who writes a plain STOP
    on this way is answered already."""

    key: str
    sender: str
    body: str
    extra: dict[str, str] = field(default_factory=dict)
    networks_confirm: bool = True


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """A guest has picked up the phone, and the provider asks what this message says."""

    message_id: int
