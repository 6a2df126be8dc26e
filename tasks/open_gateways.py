"""Gateways kept open in this process, so that the next slice finds its connections warm."""

import atexit
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import gateways
from domain.delivery import accounts
from domain.delivery.ports import Gateway
from gateways.provider import Receiver
from models.gateway import GatewayAccount
from models.tenant import Tenant
from tasks.settings import settings

MOST_OPEN = 16
IDLE_SECONDS = 60.0


@dataclass(slots=True)
class _Open:
    gateway: Gateway
    sealed: bytes
    used_at: float


_open: OrderedDict[tuple[int, int], _Open] = OrderedDict()


def get(account: GatewayAccount, tenant: Tenant) -> Gateway:
    """The account's gateway, opened now or kept from an earlier slice with the same settings.

    Raises `Unacceptable` for settings that do not fit and `vault.WrongKey` for sealed ones that nothing opens.
    """
    close_idle()
    key = (account.tenant_id, account.id)
    kept = _open.get(key)
    if kept is None or kept.sealed != account.credentials:
        drop(*key)
        kept = _open[key] = _Open(opened(account, tenant), account.credentials, 0.0)
    kept.used_at = time.monotonic()
    _open.move_to_end(key)
    while len(_open) > MOST_OPEN:
        drop(*next(iter(_open)))
    return kept.gateway


def drop(tenant_id: int, gateway_id: int) -> None:
    """Close a gateway that is kept open, if it is."""
    kept = _open.pop((tenant_id, gateway_id), None)
    if kept is not None:
        kept.gateway.close()


def close_idle() -> None:
    """Close what nobody used for a while."""
    before = time.monotonic() - IDLE_SECONDS
    for key in [key for key, kept in _open.items() if kept.used_at < before]:
        drop(*key)


@atexit.register
def close_all() -> None:
    """Close everything: the process ends."""
    for key in list(_open):
        drop(*key)


def opened(account: GatewayAccount, tenant: Tenant) -> Gateway:
    """The account's gateway, opened anew; close it after use. Raises as `get` does."""
    config = accounts.settings_of(account)
    path = accounts.hook_path_of(account)
    return gateways.open_gateway(
        account.provider,
        config,
        channel=account.channel,
        hook_url=f"{settings().public_url}{path}" if path else "",
        trusted_hosts=_trusted(account, config),
        sender=account.sender or f"{tenant.slug}@{settings().public_host}",
    )


def receiver(account: GatewayAccount) -> Receiver:
    """A line on which the account's provider tells things; close it after use. Raises as `get` does, and `LineLost`."""
    config = accounts.settings_of(account)
    return gateways.open_receiver(account.provider, config, trusted_hosts=_trusted(account, config))


def _trusted(account: GatewayAccount, config: Mapping[str, str]) -> set[str]:
    own = {gateways.host_of(account.provider, config)} if account.set_by_operator else set()
    return {*settings().outbound_allow, *own}
