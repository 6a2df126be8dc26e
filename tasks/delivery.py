"""Messages out: a slice at a time, then to the back of the line, so that no café waits for another's thousands."""

from functools import partial

from domain import clock
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from models.database import db
from tasks import queues, shutdown, slices


def deliver(tenant_id: int, gateway_id: int, lane: str) -> None:
    """Send one slice of a café's due messages through one gateway, then go to the back of the line."""
    queues.taken("delivery.deliver", tenant_id, gateway_id, lane)
    nudge = partial(queues.nudge_delivery, tenant_id, gateway_id, lane)
    with tenant_scope(tenant_id):
        sent = slices.send(gateway_id, lane, should_stop=shutdown.is_asked_for, when_full=nudge)
    if sent.claimed:
        nudge()


def look(tenant_id: int) -> None:
    """Find what is due in a café and ask for its delivery."""
    queues.taken("delivery.look", tenant_id)
    with tenant_scope(tenant_id):
        due = accounts.with_messages_due(db.session, now=clock.now())
        db.session.rollback()
    for gateway_id, lane in due:
        queues.nudge_delivery(tenant_id, gateway_id, lane)
