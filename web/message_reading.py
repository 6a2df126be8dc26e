"""That a message was opened or a link in it followed, in sentences; what a machine did is called that."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

LONGEST = 80


def opened_words(facts: Mapping[str, Any]) -> str:
    """An opening."""
    if facts.get("machine") is True:
        return _("A mail program loaded a message by itself")
    return _("Opened a message")


def clicked_words(facts: Mapping[str, Any]) -> str:
    """A click, and where it led."""
    url = str(facts.get("url") or "")
    shown = url if len(url) <= LONGEST else f"{url[: LONGEST - 1]}…"
    if facts.get("machine") is True:
        return _("A scanner followed a link: %(url)s", url=shown) if shown else _("A scanner followed a link")
    return _("Clicked %(url)s", url=shown) if shown else _("Clicked a link in a message")
