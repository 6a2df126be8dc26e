"""What the environment says, as far as tasks need it."""

from functools import lru_cache
from typing import Protocol, cast

from flask import current_app

from domain.content.links import LinkSigner


class Settings(Protocol):
    """The part of the application's settings that tasks read."""

    public_url: str
    public_host: str
    secret_key: tuple[str, ...]
    outbound_allow: tuple[str, ...]
    redis_url: str


def settings() -> Settings:
    """The running application's settings."""
    return cast(Settings, current_app.config["SETTINGS"])


def signer() -> LinkSigner:
    """Who signs members' links."""
    return _signer(settings().secret_key, settings().public_url)


@lru_cache(maxsize=4)
def _signer(keys: tuple[str, ...], public_url: str) -> LinkSigner:
    return LinkSigner(keys, public_url=public_url)
