"""Who is who. Whoever is about to hold a member keeps two from becoming one meanwhile; who makes one of two waits for
them alone.

Without it a till that waited for a row which was merged away would hold that row and ask for the one that was kept,
while others hold that one and wait for the first.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.loyalty import summaries

_KEY = "hashtextextended('identities:' || current_setting('app.tenant_id'), 0)"  # `hold_members` names it too
_HOLD = text(f"SELECT pg_advisory_xact_lock_shared({_KEY}), {summaries.HOLD}")
_HOLD_ALONE = text(f"SELECT pg_advisory_xact_lock({_KEY})")


def hold(session: Session) -> None:
    """Before a member is looked for and held: what is found stays who it is until the transaction ends."""
    session.execute(_HOLD)


def hold_alone(session: Session) -> None:
    """Before two become one, and before either is held: nobody who holds one of them waits for the other."""
    session.execute(_HOLD_ALONE)
