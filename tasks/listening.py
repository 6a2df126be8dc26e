"""Providers that tell things on a line of their own: somebody listens for a moment, again and again.

Each thing is committed before the provider hears that it is kept, so nothing is lost when we break off; told again, it
counts once. No transaction is open while we wait for the next.
"""

import time
from contextlib import closing

import structlog
from flask_babel import force_locale, gettext

from domain import clock
from domain.accounts.vault import WrongKey
from domain.delivery import accounts, answers, listening, told
from domain.delivery.ports import InboundText, SpokenFor
from domain.errors import NotFound, Refusal
from domain.sentences import Sentence
from domain.tenant_scope import bound_tenant_id, tenant_scope
from gateways.provider import Heard, LineLost, Receiver
from models.database import db
from models.tenant import Tenant
from tasks import open_gateways, queues, shutdown
from tasks.owner import new_owner

SECONDS = 20.0  # after that somebody else has their turn
QUIET_SECONDS = 1.0  # who says nothing for so long has nothing to say

log = structlog.get_logger()


def listen(tenant_id: int, gateway_id: int) -> None:
    """Keep what a provider has to tell a café, then go to the back of the line if there is more."""
    queues.taken("listening.listen", tenant_id, gateway_id)
    with tenant_scope(tenant_id):
        number, has_more = hear(gateway_id)
    if number:
        queues.nudge_upkeep(tenant_id)
        queues.nudge_delivery(tenant_id)  # a guest who wrote is answered
    if has_more:
        queues.nudge_listening(tenant_id, gateway_id)


def hear(gateway_id: int, *, quiet: float = QUIET_SECONDS) -> tuple[int, bool]:
    """Listen until the provider is quiet for so many seconds: how much was kept, and whether there is more. Commits."""
    owner = new_owner()
    is_ours = listening.take(db.session(), gateway_id, owner)
    db.session.commit()
    if not is_ours:
        return 0, False
    heard = _Hearing(gateway_id)
    try:
        with closing(_line(gateway_id)) as line:
            heard.until_quiet(line, quiet)
    except LineLost as error:
        db.session.rollback()
        _lost(gateway_id, error)
    finally:
        db.session.rollback()
        listening.end(db.session(), gateway_id, owner, now=clock.now())
        db.session.commit()
    return heard.number, heard.has_more


class _Hearing:
    """What was heard so far, also when the line breaks."""

    def __init__(self, gateway_id: int) -> None:
        self._gateway_id = gateway_id
        self.number = 0
        self.has_more = False

    def until_quiet(self, line: Receiver, quiet: float) -> None:
        deadline = time.monotonic() + SECONDS
        while (heard := line.hear(seconds=quiet)) is not None:
            _keep(self._gateway_id, heard)
            line.kept(heard)
            self.number += 1
            if shutdown.is_asked_for() or time.monotonic() > deadline:
                self.has_more = True
                return


def _line(gateway_id: int) -> Receiver:
    """The account's line; nothing is open in the database while it comes about. Raises `LineLost`."""
    try:
        account = accounts.get(db.session(), gateway_id)
        db.session.expunge(account)
        db.session.rollback()
        return open_gateways.receiver(account)
    except (NotFound, Refusal, WrongKey) as error:
        raise LineLost(str(error), is_set_up=True) from error


def _keep(gateway_id: int, heard: Heard) -> None:
    session, now = db.session(), clock.now()
    account = accounts.get(session, gateway_id)
    tenant = session.get_one(Tenant, bound_tenant_id())
    for each in heard.told or []:
        answer = None if isinstance(each, SpokenFor) else told.take(session, tenant, account, each, now=now)
        if answer and isinstance(each, InboundText):
            answers.plan(session, account, to=each.sender, text=_in_words(answer, tenant.locale), now=now)
    if heard.told is None:
        told.keep_unknown(session, account, heard.raw, now=now)
    session.commit()


def _in_words(answer: Sentence, locale: str) -> str:
    with force_locale(locale):
        return str(gettext(answer.words, **answer.values))


def _lost(gateway_id: int, error: LineLost) -> None:
    if error.is_set_up:
        accounts.stop(db.session(), gateway_id, because=error.detail, now=clock.now())
        db.session.commit()
    log.warning("line.lost", tenant=bound_tenant_id(), gateway=gateway_id, reason=error.detail)
