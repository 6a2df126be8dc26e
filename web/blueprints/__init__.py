"""The rooms behind the HTTP door."""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

PAGES = ("auth", "home", "members", "messages", "rewards", "settings", "member_pages", "hooks", "health")


def register(app: Flask) -> None:
    """Open every room: pages bring a blueprint `bp`, the API registers itself."""
    for name in PAGES:
        if find_spec(f"{__name__}.{name}"):
            app.register_blueprint(import_module(f"{__name__}.{name}").bp)
    api = import_module(f"{__name__}.api")
    if hasattr(api, "register"):
        api.register(app)
