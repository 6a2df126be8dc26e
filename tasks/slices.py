"""One slice of a café's due messages through one gateway: claimed, rendered, handed over in groups, settled.

No transaction is open while the gateway talks. What a kill leaves behind, leases bring to its end.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile

import structlog
from sqlalchemy.orm import Session

from domain import clock
from domain.accounts.vault import WrongKey
from domain.audience import freshness
from domain.delivery import accounts, batches, budget, contexts, leases, letters, outbox
from domain.delivery.outbox import Batch
from domain.delivery.ports import Gateway
from domain.errors import NotFound, Refusal
from domain.tenant_scope import bound_tenant_id
from models.database import db
from models.gateway import GatewayAccount
from models.message import MessageState
from models.tenant import Tenant
from tasks import open_gateways
from tasks.heartbeat import kept_alive
from tasks.line import Line
from tasks.owner import new_owner
from tasks.settings import settings, signer

SLICE = 500
SLICE_SECONDS = 20.0  # after that the next café has its turn
REST = timedelta(minutes=1)  # what a provider that takes nothing gets

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Slice:
    """What became of a slice: how many messages were claimed, and how many ended in which state."""

    claimed: int
    states: Counter[str]


def send(
    gateway_id: int,
    lane: str,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    when_full: Callable[[], object] = lambda: None,
) -> Slice:
    """Send one slice for the café we act for. Commits. `should_stop` is asked between groups; `when_full` is called
    before sending when there was more due than a slice holds: another worker may begin with the next."""
    session = db.session
    found = _gateway(session, gateway_id)
    if found is None:
        return Slice(0, Counter())
    account, gateway = found
    owner = new_owner()
    batch = outbox.claim(session, account, lane, owner=owner, limit=SLICE, now=clock.now())
    session.commit()
    states = Counter({MessageState.CANCELLED.value: batch.cancelled, MessageState.PLANNED.value: batch.moved})
    claimed = len(batch.messages) + batch.cancelled + batch.moved
    if claimed == SLICE:
        when_full()
    if batch.messages:
        with kept_alive(bound_tenant_id(), owner):
            states += _send_batch(session, batch, account, gateway, should_stop)
    return Slice(claimed, states)


def _gateway(session: Session, gateway_id: int) -> tuple[GatewayAccount, Gateway] | None:
    """The account in service and its gateway; one that cannot be opened is stopped with the reason."""
    try:
        account = accounts.get(session, gateway_id)
        if account.stopped_at is not None:
            return None
        opened = open_gateways.get(account, session.get_one(Tenant, bound_tenant_id()))
        session.expunge(account)  # it stays as it was read: no commit of this slice has it read again
        return account, opened
    except NotFound:
        return None
    except (Refusal, WrongKey) as error:
        accounts.stop(session, gateway_id, because=str(error), now=clock.now())
        session.commit()
        log.warning("gateway.stopped", tenant=bound_tenant_id(), gateway=gateway_id, reason=str(error))
        return None


def _send_batch(
    session: Session, batch: Batch, account: GatewayAccount, gateway: Gateway, should_stop: Callable[[], bool]
) -> Counter[str]:
    rendered = _rendered(session, batch, account)
    too_dear = len(batch.messages) - len(rendered.letters) - len(rendered.failed)
    states: Counter[str] = Counter(failed=len(rendered.failed), cancelled=too_dear)
    line = Line(session, batch.owner, account.id, gateway)
    deadline = time.monotonic() + SLICE_SECONDS

    def goes_on(_group: object) -> bool:
        return not (line.took_nothing or should_stop() or time.monotonic() > deadline)

    for group in takewhile(goes_on, batches.groups(rendered.letters, size=gateway.group_size)):
        line.advance(group)
        line.hand_over()
    line.settle()
    not_before = clock.now() + REST if line.took_nothing else None
    leases.release(session, batch.owner, not_before=not_before)
    session.commit()
    written_to = [each.member_id for each in rendered.letters if each.member_id is not None]
    freshness.touch_for_messages(session, written_to, now=clock.now())
    session.commit()
    return states + line.states


def _rendered(session: Session, batch: Batch, account: GatewayAccount) -> letters.Rendered:
    here = contexts.cafe(session)
    head = letters.letterhead(session, account, here, host=settings().public_host, signer=signer())
    rendered = letters.render(session, batch.messages, here, head, now=clock.now())
    if rendered.failed:
        batches.park(session, batch.owner, rendered.failed, now=clock.now())
    affordable = budget.charge(session, batch.owner, account, rendered.letters, now=clock.now())
    session.commit()
    return replace(rendered, letters=affordable)
