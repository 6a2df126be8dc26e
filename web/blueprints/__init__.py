"""The rooms behind the HTTP door."""

from flask import Flask

from web.blueprints import api, auth, health, home, hooks, member_pages, members, messages, rewards, segments, settings

ROOMS = (auth, home, members, messages, rewards, segments, settings, member_pages, hooks, health)


def register(app: Flask) -> None:
    """Open every room. The API opens its own, one per noun."""
    for room in ROOMS:
        app.register_blueprint(room.bp)
    api.register(app)
