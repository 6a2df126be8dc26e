"""Messages out, one file per provider. A new provider is one file and one line in `PROVIDERS`."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr, ValidationError

from domain.delivery.ports import Gateway
from domain.errors import FieldError, NotFound, Unacceptable
from domain.sentences import Sentence, say
from gateways.address import OutboundRules
from gateways.gupshup import PROVIDER as GUPSHUP
from gateways.plivo import PROVIDER as PLIVO
from gateways.provider import GatewayConfig, Hook, Provider, Receiver, Surroundings
from gateways.sendgrid import PROVIDER as SENDGRID
from gateways.slack import PROVIDER as SLACK
from gateways.smpp import PROVIDER as SMPP
from gateways.smtp import PROVIDER as SMTP
from gateways.twilio import PROVIDER as TWILIO

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "smtp": SMTP,
        "sendgrid": SENDGRID,
        "twilio": TWILIO,
        "plivo": PLIVO,
        "smpp": SMPP,
        "gupshup": GUPSHUP,
        "slack": SLACK,
    }
)

# What the model complains about, in words of ours; what only an operator can do wrong stays in its own.
TOLD = MappingProxyType(
    {
        "missing": say("This is needed."),
        "string_too_short": say("Write at least %(min_length)s characters.", min_length=1),
        "string_too_long": say("Write at most %(max_length)s characters.", max_length=1),
        "string_pattern_mismatch": say("This is not what the provider shows. Copy it from there once more."),
    }
)


def get(provider: str) -> Provider:
    """The provider of that name. Raises `NotFound`."""
    try:
        return PROVIDERS[provider]
    except KeyError:
        raise NotFound(
            say(
                "There is no provider %(provider)s. There are: %(providers)s.",
                provider=f"{provider!r}",
                providers=", ".join(PROVIDERS),
            )
        ) from None


def open_gateway(
    provider: str,
    config: Mapping[str, Any],
    *,
    channel: str = "",
    hook_url: str = "",
    trusted_hosts: Collection[str] = (),
    sender: str = "",
) -> Gateway:
    """A gateway ready to send; nothing is connected yet. Close it after use.

    `channel` chooses among those of the provider (its first by default), `hook_url` is where the provider reports to,
    `trusted_hosts` are the `host:port` the operator vouches for (for an account the operator added: its own, see
    `host_of`; in development: `OUTBOUND_ALLOW`), `sender` is the café's address where the settings name none. Raises
    `Unacceptable` for settings that do not fit.
    """
    chosen = get(provider)
    around = Surroundings(
        channel or chosen.channels[0], hook_url, frozenset(each.lower() for each in trusted_hosts), sender
    )
    return chosen.open(read_config(provider, config), around)


def open_hook(provider: str, config: Mapping[str, Any]) -> Hook | None:
    """What verifies and reads this account's reports and inbound texts, or None when its provider sends none."""
    chosen = get(provider)
    return chosen.hook(read_config(provider, config)) if chosen.hook else None


def listened() -> list[str]:
    """The providers that one has to listen to."""
    return [name for name, provider in PROVIDERS.items() if provider.listen]


def open_receiver(provider: str, config: Mapping[str, Any], *, trusted_hosts: Collection[str] = ()) -> Receiver:
    """A line on which this account's provider tells things; close it after use. Raises `LineLost`, and `Unacceptable`
    for settings that do not fit."""
    chosen = get(provider)
    assert chosen.listen, "one of those that are listened to"
    trusted = frozenset(each.lower() for each in trusted_hosts)
    return chosen.listen(read_config(provider, config), Surroundings(chosen.channels[0], trusted_hosts=trusted))


def read_config(provider: str, config: Mapping[str, Any]) -> GatewayConfig:
    """The settings, checked. Raises `Unacceptable` with a sentence per field, in which no typed value is repeated."""
    try:
        return get(provider).config.model_validate(dict(config))
    except ValidationError as error:
        errors = [FieldError(".".join(map(str, each["loc"])), _sentence(each)) for each in error.errors()]
        raise Unacceptable(say("These settings do not fit."), errors) from None


def check(provider: str, config: Mapping[str, Any], *, trusted_hosts: Collection[str] = ()) -> None:
    """Judge settings before they are saved: their fields, and that we may connect to where they point.

    Raises `Unacceptable`; an address we may not reach is `NotAllowed`, whatever the reason.
    """
    endpoint = read_config(provider, config).endpoint
    rules = OutboundRules(get(provider).ports, frozenset(each.lower() for each in trusted_hosts))
    rules.check(endpoint.scheme, endpoint.host, endpoint.port)
    try:
        rules.addresses(endpoint.host, endpoint.port)
    except OSError:
        raise Unacceptable.at("url", say("This host has no address.")) from None


def host_of(provider: str, config: Mapping[str, Any]) -> str:
    """The `host:port` these settings point to: trusted when the operator typed them."""
    return read_config(provider, config).endpoint.authority


def secret_fields(provider: str) -> frozenset[str]:
    """The names of the settings that are never shown again."""
    fields = get(provider).config.model_fields
    return frozenset(field.alias or name for name, field in fields.items() if field.annotation is SecretStr)


def _sentence(problem: Mapping[str, Any]) -> str:
    context = problem.get("ctx", {})
    if problem["type"] in TOLD:
        return Sentence(TOLD[problem["type"]].words, context)
    if isinstance(context.get("error"), ValueError):  # a validator of ours said it
        return context["error"].args[0]
    return str(problem["msg"]).rstrip(".") + "."
