"""Opens a gateway to a played vendor as the house does: settings checked, the vendor's address vouched for."""

from collections.abc import Mapping
from typing import Any

from gateways.provider import Surroundings

HOOK_URL = "https://app.example.com/hooks/played/token"


def around(url: str, *, channel: str = "", hook_url: str = HOOK_URL) -> Surroundings:
    """What a gateway is told beside its settings; only 127.0.0.1 is vouched for."""
    authority = url.split("/")[2]
    trusted = frozenset({authority}) if authority.startswith("127.0.0.1") else frozenset()
    return Surroundings(channel, hook_url, trusted)


def with_url(config: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The settings, pointing elsewhere."""
    return {**config, "url": url}
