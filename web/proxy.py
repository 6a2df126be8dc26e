"""Who really calls, when a proxy of ours stands in front."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")))
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BehindOurProxy:
    """Believes `X-Forwarded-For` and `-Proto` only from a neighbour: a caller from outside cannot name its address."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._fixed = ProxyFix(app, x_for=1, x_proto=1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["regulars.peer"] = environ.get("REMOTE_ADDR", "")
        environ["regulars.forwarded"] = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
        believed = self._fixed if is_neighbour(environ["regulars.peer"]) else self._app
        return believed(environ, start_response)


def is_neighbour(address: str) -> bool:
    """Whether the address is of this machine or its private network. A socket of this machine has none."""
    if not address:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.is_loopback or any(parsed in network for network in PRIVATE)
