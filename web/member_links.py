"""What all pages behind a member's signed link share: whose link it is, and that nobody else learns its address."""

from flask import Response, abort

from domain.content.links import LinkClaim, Purpose
from models.database import db
from models.tenant import Tenant
from tasks.settings import signer
from web import tenancy


def enter(token: str, purpose: Purpose) -> tuple[LinkClaim, Tenant]:
    """The claim of a link and its café, acted for from here on. Raises `NotFound`; 404 when the café is gone."""
    claim = signer().read(token, purpose)
    tenant = db.session.get(Tenant, claim.tenant_id)
    if tenant is None:
        abort(404)
    tenancy.enter(tenant)
    return claim, tenant


def keep_private(response: Response) -> Response:
    """Neither caches nor the next site may learn the address of this page."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
