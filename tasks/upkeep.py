"""What turns with time in a café: leases, expiries, reports, points. In bounded batches, each committed by itself."""

from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from domain import clock
from domain.delivery import expiry, leases, receipts
from domain.loyalty import upkeep as loyalty
from domain.outreach import reactions
from domain.tenant_scope import tenant_scope
from models.database import db
from models.message import MessageState
from tasks import queues

MEMBERS = 200
MOST_ROUNDS = 20  # of each kind in one job; the rest goes to the back of the line

log = structlog.get_logger()


def tidy(tenant_id: int) -> None:
    """Do a bounded part of what is due in a café, then go to the back of the line if there is more."""
    queues.taken("upkeep.tidy", tenant_id)
    with tenant_scope(tenant_id):
        did, has_more = run(rounds=MOST_ROUNDS)
    if did["planned"]:
        queues.nudge_delivery(tenant_id)
    if has_more:
        queues.nudge_upkeep(tenant_id)


def run(*, rounds: int) -> tuple[Counter[str], bool]:
    """Each kind of upkeep for the café we act for, at most `rounds` batches of each. Commits.

    Returns what became of messages by state (`looked_after`: members and unlocks), and whether there is more. One kind
    that fails does not stop the others.
    """
    did: Counter[str] = Counter()
    has_more = False
    for step in (_leases, _reports, _expiries, _loyalty):
        for _ in range(rounds):
            done, full = _tried(step)
            did += done
            if not full:
                break
        else:
            has_more = True
    return did, has_more


Step = Callable[[Session], tuple[Counter[str], bool]]


def _tried(step: Step) -> tuple[Counter[str], bool]:
    try:
        done = step(db.session())
        db.session.commit()
    except Exception:
        db.session.rollback()
        log.exception("upkeep.failed", step=step.__name__)
        return Counter(), False
    return done


def _leases(session: Session) -> tuple[Counter[str], bool]:
    ran_out = leases.take_back(session, now=clock.now())
    number = ran_out.planned + ran_out.unsure
    return Counter({MessageState.UNSURE.value: ran_out.unsure}), number == leases.BATCH


def _reports(session: Session) -> tuple[Counter[str], bool]:
    return Counter(), receipts.apply(session, now=clock.now()) == receipts.BATCH


def _expiries(session: Session) -> tuple[Counter[str], bool]:
    ended = expiry.expire(session, now=clock.now())
    return Counter({MessageState.CANCELLED.value: ended}), ended == expiry.BATCH


def _loyalty(session: Session) -> tuple[Counter[str], bool]:
    now = clock.now()
    done = loyalty.run(session, now=now, limit=MEMBERS)
    planned = reactions.answer(session, unlocked=done.unlocked, now=now)
    return Counter(planned=planned, looked_after=done.number), done.number >= MEMBERS
