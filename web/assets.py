"""Static files under addresses that change with their content, so that browsers may keep them."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, url_for

ICONS = "icons.svg"


def init_app(app: Flask) -> None:
    """Put the content's fingerprint into every address of a static file."""
    app.url_defaults(_add_version)
    app.jinja_env.globals["icon_url"] = icon_url


def icon_url(name: str) -> str:
    """Where the sprite has the drawing of an icon."""
    return f"{url_for('static', filename=ICONS)}#{name}"


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        version = _version(Path(current_app.static_folder or "", values["filename"]))
        if version:
            values["v"] = version


def _version(path: Path) -> str | None:
    if not path.is_file():
        return None
    return _fingerprint(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _fingerprint(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
