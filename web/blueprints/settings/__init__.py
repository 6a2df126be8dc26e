"""Settings: the café, its locations, what earns points, segments, gateways, connectors and keys."""

from web.blueprints.settings import (
    cafe,
    connectors,
    gateways,
    keys,
    limits,
    locations,
    points,
    segments,
    sender_domains,
)
from web.blueprints.settings.room import bp

__all__ = [
    "bp",
    "cafe",
    "connectors",
    "gateways",
    "keys",
    "limits",
    "locations",
    "points",
    "segments",
    "sender_domains",
]
