"""A test handed over while the owner waits: what the provider said stands on the page they look at.

No transaction is open while the gateway talks, and no worker is needed: the test shows the gateway, not the queue.
"""

from uuid import uuid4

from sqlalchemy.orm import Session

from domain import clock
from domain.delivery import batches, budget, contexts, letters, trials
from models.database import db
from models.gateway import GatewayAccount
from models.tenant import Tenant
from tasks import open_gateways
from tasks.line import Line
from tasks.settings import settings, signer


def send(account: GatewayAccount, tenant: Tenant, *, to: str, text: str, subject: str | None = None) -> int:
    """Send one test through an account of the café we act for; its message's row says how it went. Commits.

    Raises `Unacceptable` when the account is stopped or its settings do not fit, `vault.WrongKey` when they are sealed
    with a key that is gone.
    """
    session: Session = db.session()
    gateway = open_gateways.opened(account, tenant)
    try:
        message = trials.plan(session, account, to=to, text=text, subject=subject, now=clock.now())
        message_id, gateway_id, owner = message.id, account.id, f"trial.{uuid4().hex}"
        claimed = trials.take(session, message, owner)
        here = contexts.cafe(session)
        head = letters.letterhead(session, account, here, host=settings().public_host, signer=signer())
        rendered = letters.render(session, [claimed], here, head, now=clock.now())
        batches.park(session, owner, rendered.failed, now=clock.now())
        affordable = budget.charge(session, owner, account, rendered.letters, now=clock.now())
        session.commit()
        if affordable:
            line = Line(session, owner, gateway_id, gateway)
            line.advance(affordable)
            line.hand_over()
            line.settle()
            trials.give_up(session, message_id, now=clock.now())
            session.commit()
    finally:
        gateway.close()
    return message_id
