"""Everything that is due, done in this process, without Redis."""

from collections import Counter
from datetime import datetime
from typing import Any

import structlog

from domain import agenda, clock
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from domain.watch import promptness
from models.database import db
from models.message import MessageState
from tasks import consoles, imports, segments, slices, upkeep

MOST_ROUNDS = 100_000  # of one café; each sends a slice or ends
COUNTED = ("planned", "sent", "skipped", "cancelled", "failed", "unsure", "recomputed")

log = structlog.get_logger()


def run_due(now: datetime) -> dict[str, Any]:
    """Do all work that is due by `now`: `{at, planned, sent, skipped, cancelled, failed, unsure, recomputed}`.

    Works without Redis and beside running workers. One café that fails does not stop the others.
    """
    did: Counter[str] = Counter()
    with clock.set_to(now):
        _import()
        did += _for_each(agenda.upkeep(db.session, now=now), _look_after)
        did += _for_each([due.tenant_id for due in agenda.consoles(db.session, now=now)], _run_consoles)
        did += _for_each(agenda.midnights(db.session, now=now) + agenda.touched(db.session, now=now), _recompute)
        did += _for_each([due.tenant_id for due in agenda.deliveries(db.session, now=now)], _send)
        promptness.count(db.session(), now=now)
        db.session.commit()
    return {"at": now.isoformat(), **{name: did[name] for name in COUNTED}}


def _import() -> None:
    waiting = agenda.imports(db.session, now=clock.now())
    db.session.rollback()
    for each in waiting:
        while imports.advance(each.tenant_id, each.import_id):
            pass


def _for_each(tenant_ids: list[int], work: Any) -> Counter[str]:
    db.session.rollback()  # the agenda was asked for nobody; from here on each café is bound
    did: Counter[str] = Counter()
    for tenant_id in dict.fromkeys(tenant_ids):
        with tenant_scope(tenant_id):
            try:
                did += work()
            except Exception:
                log.exception("due.failed", tenant=tenant_id)
            finally:
                db.session.rollback()
    return did


def _look_after() -> Counter[str]:
    did, _ = upkeep.run(rounds=MOST_ROUNDS)
    return did


def _recompute() -> Counter[str]:
    asked, _ = segments.run(slices=MOST_ROUNDS)
    return Counter(recomputed=asked)


def _run_consoles() -> Counter[str]:
    return Counter(recomputed=sum(consoles.run_slot(name) for name in consoles.WORK))


def _send() -> Counter[str]:
    did: Counter[str] = Counter()
    for _ in range(MOST_ROUNDS):
        due = accounts.with_messages_due(db.session, now=clock.now())
        db.session.rollback()
        sent = [slices.send(gateway_id, lane) for gateway_id, lane in due]
        for each in sent:
            did += each.states
        if not any(each.claimed for each in sent):
            break
    del did[MessageState.PLANNED.value]  # moved to later: nothing became of them yet
    return did
