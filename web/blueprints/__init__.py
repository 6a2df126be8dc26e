"""The rooms behind the HTTP door."""

from flask import Flask

from web.blueprints import (
    api,
    auth,
    health,
    home,
    hooks,
    imports,
    loyalty_management,
    member_pages,
    members,
    messages,
    operator,
    reading,
    rewards,
    search,
    segments,
    settings,
    status,
    tags,
)

ROOMS = (
    auth,
    home,
    search,
    members,
    imports,
    tags,
    messages,
    rewards,
    segments,
    settings,
    loyalty_management,
    member_pages,
    hooks,
    health,
    status,
    operator,
    reading,
)


def register(app: Flask) -> None:
    """Open every room. The API opens its own, one per noun."""
    for room in ROOMS:
        app.register_blueprint(room.bp)
    api.register(app)
