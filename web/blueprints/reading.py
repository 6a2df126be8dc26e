"""Counted links and pixels: they lead on, or show nothing, and tell that somebody opened or clicked.

No page, no cookie, no session. Whatever goes wrong with the counting, the guest gets where the message said.
"""

from base64 import b64decode

import structlog
from flask import Blueprint, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from domain import clock
from domain.content.links import LinkClaim, Purpose
from domain.delivery import reading
from domain.delivery.fetching import Fetch
from domain.delivery.reading import Read
from models.database import db
from tasks import queues
from web.access import public
from web.member_links import enter, keep_private

bp = Blueprint("reading", __name__)
bp.after_request(keep_private)

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
ANNOUNCED_IN = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")

log = structlog.get_logger()


@bp.get("/c/<token>")
@public
def click(token: str) -> Response:
    """On to the address that the message held."""
    claim = _enter(token, Purpose.CLICK)
    address = reading.address_of(db.session(), g.tenant, claim.link)
    _record(Read(claim.message_id, claim.link, address))
    return Response(status=302, headers={"Location": address})


@bp.get("/o/<token>.gif")
@public
def open_(token: str) -> Response:
    """One transparent pixel."""
    claim = _enter(token, Purpose.OPEN)
    _record(Read(claim.message_id))
    return Response(PIXEL, content_type="image/gif")


def _enter(token: str, purpose: Purpose) -> LinkClaim:
    claim, tenant = enter(token, purpose)
    g.language = tenant.locale[:2]
    return claim


def _record(read: Read) -> None:
    """Tell that it happened. What cannot be kept is lost, and the guest does not notice."""
    tenant_id = g.tenant.id
    try:
        is_new = reading.record(db.session(), g.tenant, read, _fetch(), now=clock.now())
        db.session.commit()
    except SQLAlchemyError:
        db.session.rollback()
        log.exception("reading.not_kept", message=read.message_id, link=read.link)
        return
    if is_new:
        queues.nudge_upkeep(tenant_id)


def _fetch() -> Fetch:
    announced = " ".join(request.headers.get(name, "") for name in ANNOUNCED_IN)
    return Fetch(request.method, request.headers.get("User-Agent", ""), announced)
