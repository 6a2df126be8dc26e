"""Waking the workers after a request: for messages that are due already, and for segments and tags."""

from functools import partial

from flask import g

from domain import clock
from domain.delivery import accounts
from models.database import db
from tasks import queues
from web.blueprints.api.noun import after_commit


def look_at_members() -> None:
    """Once the request is committed, let segments and tags look at whom something happened to."""
    after_commit(partial(queues.nudge_segments, g.tenant.id))


def look_for_messages(planned: int) -> None:
    """Once the request is committed, nudge the gateways that have something due now. The tick finds the rest."""
    if not planned:
        return
    for gateway_id, lane in accounts.with_messages_due(db.session, now=clock.now()):
        after_commit(partial(queues.nudge_delivery, g.api_key.tenant_id, gateway_id, lane))
