"""Tags: what they mean, who has them, and those of the café's own."""

from web.blueprints.tags import holders, pages, rules
from web.blueprints.tags.room import bp

__all__ = ["bp", "holders", "pages", "rules"]
