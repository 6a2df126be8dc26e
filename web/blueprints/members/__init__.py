"""The guests of a café."""

from web.blueprints.members import consents, data, duplicates, export, pages, voids
from web.blueprints.members.room import bp

__all__ = ["bp", "consents", "data", "duplicates", "export", "pages", "voids"]
