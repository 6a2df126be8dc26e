"""The HTTP door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from web.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application, set up from `settings` or the environment. Raises `ConfigurationError` with what to change.

    Imported late: the supervisor of the embedded servers lives in this package too and should stay small.
    """
    from web.application import build

    return build(settings)
