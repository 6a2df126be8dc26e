"""Settings: the café, its locations, what earns points, gateways, connectors and keys."""

from web.blueprints.settings import cafe, connectors, gateways, keys, locations, points, sender_domains
from web.blueprints.settings.room import bp

__all__ = ["bp", "cafe", "connectors", "gateways", "keys", "locations", "points", "sender_domains"]
