"""What others tell us: sales of a till, delivery reports, texts of guests.

The address holds a secret that names the café and its account there; the signature over the raw bytes, checked before
anything is parsed, proves who speaks. What was told is kept, answered at once, and worked through by the queue.
"""

import hashlib
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request
from flask_babel import force_locale

import gateways
from connectors import accounts, bodies, inbox, square
from domain import clock
from domain.accounts import hook_tokens
from domain.delivery import accounts as gateway_accounts
from domain.delivery import spoken
from domain.delivery import told as told_rules
from domain.delivery.ports import SpokenFor
from gateways.provider import Form, Incoming, Told
from models.database import db
from models.gateway import GatewayAccount
from models.key import HookToken
from models.tenant import Tenant
from tasks import queues
from tasks.settings import signer
from web import errors, tenancy
from web.access import public
from web.refusal_words import in_words

LARGEST = 1024 * 1024

bp = Blueprint("hooks", __name__)


@bp.post("/hooks/<provider>/<hook_token>")
@public
def receive(provider: str, hook_token: str) -> Response:
    """Take one hook. 401: not signed by whom it should be; 200: kept, or known already; 202: kept, not understood."""
    request.max_content_length = LARGEST
    target = hook_tokens.find(db.session, hook_token, provider=provider)
    if target is None:
        abort(404)
    tenancy.enter(db.session.get_one(Tenant, target.tenant_id))
    raw = request.get_data()
    if target.target_kind == hook_tokens.CONNECTOR:
        return _from_connector(target, raw)
    return _from_gateway(target, raw)


def _from_connector(target: HookToken, raw: bytes) -> Response:
    account = accounts.find(db.session, target.target_id)
    if account is None:
        abort(404)
    signature = request.headers.get(square.SIGNATURE_HEADER)
    key = accounts.settings_of(account).signature_key
    if not square.verify(raw, signature=signature, url=_address_as_registered(), key=key):
        return _unsigned()
    body = bodies.read_object(raw)
    notice = square.read(body) if body is not None else None
    if notice is None:
        return _keep_unknown(account.id, raw, body)
    waits = {} if account.stopped_at is None else {"state": inbox.PARKED, "detail": account.stopped_because}
    is_new = inbox.keep(
        db.session, account.id, key=notice.key, kind=notice.kind, body=notice.body, now=clock.now(), **waits
    )
    db.session.commit()
    if is_new and not waits:
        queues.nudge_sync(target.tenant_id)
    return Response(status=200)


def _keep_unknown(connector_id: int, raw: bytes, body: dict[str, Any] | None) -> Response:
    """For the owner to see: signed by the system, and we don't know what it means."""
    inbox.keep(
        db.session,
        connector_id,
        key=f"unknown:{hashlib.sha256(raw).hexdigest()}",
        kind=str((body or {}).get("type") or "unknown")[:100],
        body=bodies.as_text(raw) if body is None else body,
        state=inbox.UNKNOWN,
        now=clock.now(),
    )
    db.session.commit()
    return Response(status=202)


def _address_as_registered() -> str:
    """Under the configured name, whatever the proxy made of it on the way."""
    query = request.query_string.decode("latin-1")
    return current_app.config["SETTINGS"].public_url + request.path + (f"?{query}" if query else "")


def _unsigned() -> Response:
    db.session.rollback()
    return errors.problem(401, "Unauthorized", "The signature does not fit this body and this address.")


def _from_gateway(target: HookToken, raw: bytes) -> Response:
    account = gateway_accounts.get(db.session, target.target_id)
    hook = gateways.open_hook(account.provider, gateway_accounts.settings_of(account))
    if hook is None:
        abort(404)
    incoming = Incoming(_address_as_registered(), raw, dict(request.headers), request.form.to_dict(flat=False))
    if not hook.verify(incoming, now=clock.now()):
        return _unsigned()
    told = hook.read(replace(incoming, form=_without_nul(incoming.form)))
    words = "".join([_take(each, account) for each in told or []])
    if told is None:
        told_rules.keep_unknown(db.session(), account, raw, now=clock.now())
    db.session.commit()
    if told:
        queues.nudge_upkeep(target.tenant_id)
    body, content_type = hook.answer(words)
    return Response(body, status=202 if told is None else 200, content_type=content_type)


def _take(told: Told, account: GatewayAccount) -> str:
    """Keep what a provider said, once; what it is to tell the guest, if anything, in the café's language."""
    if isinstance(told, SpokenFor):
        return spoken.words(db.session, account.id, told.message_id, signer=signer())
    answer = told_rules.take(db.session(), g.tenant, account, told, now=clock.now())
    with force_locale(g.tenant.locale):
        return in_words(answer) if answer else ""


def _without_nul(form: Form) -> Form:
    """What a guest typed may hold anything; PostgreSQL keeps all of it but NUL."""
    return {name: [value.replace("\x00", "") for value in values] for name, values in form.items()}
