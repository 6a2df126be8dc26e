"""What a provider is to the rest of the house: a channel, its settings, and how to open its gateway."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from domain.delivery.ports import DeliveryReport, Gateway, InboundText

# A decoded form: every value of every name, as `request.form.to_dict(flat=False)` gives it.
Form: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Scheme, host and port of the address a gateway connects to."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host:port`, as lists of trusted hosts want it."""
        return f"{self.host}:{self.port}"


class GatewayConfig(BaseModel):
    """The settings of one gateway as the owner or the operator typed them. `SecretStr` fields are never shown again."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=True)

    @property
    def endpoint(self) -> Endpoint:
        """What this gateway connects to."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a gateway is told beside its own settings.

    `hook_url` is where the provider may report to ("" when nowhere), `trusted_hosts` are `host:port` the operator
    vouches for, `sender` is the café's own address for providers whose settings name none.
    """

    hook_url: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    sender: str = ""


class Hook(Protocol):
    """What a provider sends us: proves who sent it, then reads it."""

    def verify(self, url: str, form: Form, headers: Mapping[str, str]) -> bool:
        """Whether the provider signed this request to `url` (complete, as it called it). Constant time."""
        ...

    def read_hook(self, form: Form, url: str = "") -> DeliveryReport | InboundText | None:
        """What a verified request says, or None when it says nothing we know."""
        ...

    def answer(self, text: str = "") -> tuple[str, str]:
        """The body and content type to answer with; `text` goes back to the guest who wrote."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider of a channel; each of its functions takes its own kind of `config`.

    `ports` are what its addresses may use by scheme, `hook` is None for providers that report nothing.
    """

    channel: str
    config: type[GatewayConfig]
    ports: Mapping[str, frozenset[int]]
    open: Callable[[Any, Surroundings], Gateway]
    hook: Callable[[Any], Hook] | None = None
