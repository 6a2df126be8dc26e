"""Segments: saved questions about guests, built, looked at, used."""

from web.blueprints.segments import editor, pages
from web.blueprints.segments.room import bp

__all__ = ["bp", "editor", "pages"]
