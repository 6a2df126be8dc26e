"""What a provider is to the rest of the house: a channel, its settings, and how to open its gateway."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from domain.delivery.ports import DeliveryReport, Gateway, InboundText, SpokenFor

# A decoded form: every value of every name, as `request.form.to_dict(flat=False)` gives it.
Form: TypeAlias = Mapping[str, Sequence[str]]

Told: TypeAlias = DeliveryReport | InboundText | SpokenFor


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

    `channel` is the one this account speaks on, `hook_url` is where the provider may report to ("" when nowhere),
    `trusted_hosts` are `host:port` the operator vouches for, `sender` is the café's own address for providers whose
    settings name none.
    """

    channel: str
    hook_url: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request of a provider as it came: the complete address it called, the raw body, headers, the decoded form."""

    url: str
    raw: bytes
    headers: Mapping[str, str]
    form: Form = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The value of a header, however its name is written; "" when it is not there."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def fields(self) -> dict[str, str]:
        """The first value of every name of the form."""
        return {name: values[0] for name, values in self.form.items() if values}


class Hook(Protocol):
    """What a provider sends us: proves who sent it, then reads it."""

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether the provider signed this request. Constant time; nothing is parsed before."""
        ...

    def read(self, incoming: Incoming) -> list[Told] | None:
        """What a verified request says: nothing to keep (empty), or None when it says nothing we know."""
        ...

    def answer(self, words: str = "") -> tuple[str, str]:
        """The body and content type to answer with; `words` go to the guest who wrote or was called."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a provider told on a line: what it says (as `Hook.read` has it), as it came, and its own sign of
    it."""

    told: list[Told] | None
    raw: bytes
    sign: Any


class LineLost(Exception):
    """A line on which a provider tells things ended or never came about; `is_set_up`: the settings are to blame."""

    def __init__(self, detail: str, *, is_set_up: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.is_set_up = is_set_up


class Receiver(Protocol):
    """A line on which a provider tells things, one after the other. What is not said to be kept is told again."""

    def hear(self, *, seconds: float) -> Heard | None:
        """The next thing told, None when nothing comes within that time. Raises `LineLost`."""
        ...

    def kept(self, heard: Heard) -> None:
        """Say that it is kept, after the commit. Raises `LineLost`: then it is told again."""
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider of one or more channels; each of its functions takes its own kind of `config`.

    `ports` are what its addresses may use by scheme; what comes back comes through a `hook` or by having somebody
    `listen` (which raises `LineLost`), and both are None for providers that report nothing.
    """

    channels: tuple[str, ...]
    config: type[GatewayConfig]
    ports: Mapping[str, Container[int]]
    open: Callable[[Any, Surroundings], Gateway]
    hook: Callable[[Any], Hook | None] | None = None
    listen: Callable[[Any, Surroundings], Receiver] | None = None
