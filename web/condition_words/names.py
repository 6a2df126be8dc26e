"""Names of what conditions name by number or code: segments, kinds of points."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.currency import Currency
from models.segment import Segment


class Names:
    """Looked up once, and only when a sentence needs them; give it to all sentences of a page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, dict[Any, str]] = {}

    def segment(self, segment_id: int) -> str:
        """A segment's name, also of one that was put away."""
        known = self._all("segments", select(Segment.id, Segment.name))
        return known.get(segment_id) or _("a segment that is gone")

    def currency(self, code: str) -> str:
        """What a kind of points is called."""
        known = self._all("currencies", select(Currency.code, Currency.name))
        return known.get(code.lower(), code)

    def _all(self, kind: str, query: Any) -> dict[Any, str]:
        if kind not in self._known:
            self._known[kind] = dict(self._session.execute(query).tuples().all())
        return self._known[kind]
