"""A question that cannot be answered stops nobody else's: its segment or tag stays as it was, and says since when.

What breaks is the question's own: a number too large for the database, a statement too costly for it. What breaks the
database itself, a lost connection or a deadlock, is not caught here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.segment import Segment
from models.tag import Tag

RETRY_AFTER = timedelta(minutes=10)
_OF_THE_DATABASE = ("08", "25", "40", "55", "57P")  # SQLSTATEs: connection, transaction, rollback, lock, shutdown

Result = TypeVar("Result")

log = structlog.get_logger()


def tried(
    session: Session, asking: Segment | Tag, work: Callable[[], Result], otherwise: Result, *, now: datetime
) -> Result:
    """Do the work of one segment or tag; where it breaks, nothing of it stays and `otherwise` comes back."""
    try:
        with session.begin_nested():
            done = work()
    except Exception as error:
        if _is_of_the_database(error):
            raise
        asking.failed_at = now
        session.flush()
        log.warning("question.failed", table=asking.__tablename__, id=asking.id, error=_name(error))
        return otherwise
    if asking.failed_at is not None:
        asking.failed_at = None
        session.flush()
    return done


def rests(asking: Segment | Tag, *, now: datetime) -> bool:
    """Whether it broke a moment ago, so that it is not tried again yet."""
    return asking.failed_at is not None and now - asking.failed_at < RETRY_AFTER


def _is_of_the_database(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or not state or state.startswith(_OF_THE_DATABASE)


def _name(error: Exception) -> str:
    """What broke, without the values it broke on."""
    return type(error.orig if isinstance(error, DBAPIError) else error).__name__
