"""Gateways: accounts with providers, how they are, and a test through each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

import gateways as providers
from domain import clock
from domain.accounts import hook_tokens
from domain.accounts.vault import WrongKey
from domain.audience import addresses
from domain.delivery import accounts, messages
from domain.delivery.messages import Listed
from domain.errors import NotFound, Refusal, Unacceptable
from models.database import db
from models.gateway import GatewayAccount
from models.message import Channel
from tasks import queues, trials
from web.access import requires
from web.attempts import of_app
from web.blueprints.settings.room import bp, note
from web.forms.gateway import FORMS, UNPROTECTED, GatewayForm, SmtpForm
from web.forms.settings import TextTestForm
from web.paging import cursor_number


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as the page shows it: `host` is where it leads to, None when its settings cannot be opened."""

    account: GatewayAccount
    host: str | None


@bp.get("/gateways")
@requires("see_settings")
def gateways() -> str:
    """All accounts with how they are."""
    return _page(TextTestForm(), tested=_tested())


@bp.route("/gateways/new/<provider>", methods=["GET", "POST"])
@requires("manage_gateways")
def new_gateway(provider: str) -> Response | str | tuple[str, int]:
    """One more account."""
    if provider not in FORMS:
        abort(404)
    if providers.get(provider).channels[0] == Channel.SMS and g.tenant.sms_approved_at is None:
        return redirect(url_for(".gateways"), code=303)
    form = _form(provider)
    return _editor(form, provider) if request.method == "GET" else _add(form, provider)


@bp.route("/gateways/<int:gateway_id>", methods=["GET", "POST"])
@requires("manage_gateways")
def gateway(gateway_id: int) -> Response | str | tuple[str, int]:
    """New settings for an account; they take it back into service. What the operator set stays the operator's."""
    account = accounts.get(db.session(), gateway_id)
    if account.set_by_operator or account.provider not in FORMS:
        abort(404)
    form = _form(account.provider)
    if request.method == "GET":
        if "sender" in form:
            form.sender.data = account.sender
        return _editor(form, account.provider, account)
    return _change(form, account)


@bp.post("/gateways/<int:gateway_id>/resume")
@requires("manage_gateways")
def resume_gateway(gateway_id: int) -> Response:
    """Back into service: what waits for it leaves."""
    account = accounts.get(db.session(), gateway_id)
    accounts.resume(db.session(), account.id)
    note("gateway.resumed", f"gateway:{gateway_id}")
    db.session.commit()
    queues.nudge_delivery(g.tenant.id)
    flash(_("Back in service. What waited leaves now."), "good")
    return redirect(url_for(".gateways"), code=303)


@bp.post("/gateways/<int:gateway_id>/stop")
@requires("manage_gateways")
def stop_gateway(gateway_id: int) -> Response:
    """Out of service: nothing leaves through it, and nothing is lost."""
    account = accounts.get(db.session(), gateway_id)
    who = current_user.name or current_user.email
    accounts.stop(db.session(), account.id, because=_("taken out of service by %(who)s", who=who), now=clock.now())
    note("gateway.stopped", f"gateway:{gateway_id}")
    db.session.commit()
    flash(_("Out of service. Its messages wait until you take it back."), "look")
    return redirect(url_for(".gateways"), code=303)


@bp.post("/gateways/<int:gateway_id>/test")
@requires("manage_gateways")
def test_gateway(gateway_id: int) -> Response | tuple[str, int]:
    """A message to the person's own address, handed over now."""
    account, form = accounts.get(db.session(), gateway_id), TextTestForm()
    try:
        to = _own_address(account, form)
        message_id = _send(account, to)
    except WrongKey:
        return _page(form, gateway_id, _("Its settings cannot be opened any more. Give it new ones.")), 422
    except Refusal as refused:
        return _page(form, gateway_id, form.show(refused)), 422
    return redirect(url_for(".gateways", tested=message_id, _anchor="tested"), code=303)


@bp.post("/gateways/texts")
@requires("manage_gateways")
def request_texts() -> Response:
    """Ask for texts: they cost money, so somebody opens them by hand."""
    if accounts.request_texts(db.session(), now=clock.now()):
        note("sms.requested")
    db.session.commit()
    flash(_("Thank you. We write to you as soon as texts are open for your café."), "good")
    return redirect(url_for(".gateways"), code=303)


def _page(
    form: TextTestForm, asked_id: int | None = None, refusal: str | None = None, tested: Listed | None = None
) -> str:
    shown = [Shown(account, _host(account)) for account in accounts.all_of(db.session())]
    return render_template(
        "settings/gateways.html",
        gateways=shown,
        form=form,
        asked_id=asked_id,
        refusal=refusal,
        tested=tested,
        texts_requested_at=accounts.texts_requested_at(g.tenant),
    )


def _tested() -> Listed | None:
    number = cursor_number("tested")
    try:
        return messages.get(db.session(), number) if number is not None else None
    except NotFound:
        return None


def _host(account: GatewayAccount) -> str | None:
    try:
        return providers.host_of(account.provider, accounts.settings_of(account))
    except (WrongKey, Refusal):
        return None


def _form(provider: str) -> GatewayForm:
    form = FORMS[provider]()
    if isinstance(form, SmtpForm) and _trusted():
        form.protection.choices = [*form.protection.choices, UNPROTECTED]
    return form


def _trusted() -> tuple[str, ...]:
    allowed: tuple[str, ...] = current_app.config["SETTINGS"].outbound_allow
    return allowed


def _editor(form: GatewayForm, provider: str, account: GatewayAccount | None = None, refusal: str | None = None) -> str:
    return render_template(
        f"settings/gateway_{provider}.html", form=form, account=account, refusal=refusal, has_own_api=bool(_trusted())
    )


def _add(form: GatewayForm, provider: str) -> Response | tuple[str, int]:
    try:
        values = _judged(form, provider)
    except Refusal as refused:
        return _editor(form, provider, refusal=form.show(_on_the_form(form, refused))), 422
    account = accounts.add(
        db.session(),
        channel=providers.get(provider).channels[0],
        provider=provider,
        credentials=values,
        now=clock.now(),
        set_by_operator=False,
        sender=_sender(values),
        sender_name=values.get("from_name", ""),
    )
    if providers.get(provider).hook:
        _open_hook(account)
    return _saved("gateway.added", account.id)


def _sender(values: Mapping[str, str]) -> str:
    return values.get("from") or values.get("source_addr", "")


def _open_hook(account: GatewayAccount) -> None:
    token = hook_tokens.issue(
        db.session(),
        tenant_id=g.tenant.id,
        provider=account.provider,
        target_kind=hook_tokens.GATEWAY,
        target_id=account.id,
    )
    accounts.keep_hook_path(db.session(), account, hook_tokens.path(account.provider, token))


def _change(form: GatewayForm, account: GatewayAccount) -> Response | tuple[str, int]:
    provider = account.provider
    try:
        values = _judged(form, provider)
    except Refusal as refused:
        return _editor(form, provider, account, form.show(_on_the_form(form, refused))), 422
    accounts.change_credentials(db.session(), account, values)
    account.sender, account.sender_name = _sender(values), values.get("from_name", "")
    return _saved("gateway.changed", account.id)


def _judged(form: GatewayForm, provider: str) -> dict[str, str]:
    """What was typed, if we may connect to where it points. Raises `Refusal`; nothing is open while DNS is asked."""
    if not form.validate():
        raise Unacceptable("", [])
    db.session.commit()
    values = form.values()
    providers.check(provider, values, trusted_hosts=_trusted())
    return values


def _on_the_form(form: GatewayForm, refused: Refusal) -> Refusal:
    renamed = [replace(each, path=form.ON_THE_FORM.get(each.path, each.path)) for each in refused.errors]
    if renamed or not refused.detail:
        return Unacceptable(refused.detail, renamed)
    where = "host" if "host" in form else "url"
    return Unacceptable.at(where, _("We may not connect to this address."))


def _saved(action: str, gateway_id: int) -> Response:
    note(action, f"gateway:{gateway_id}")
    db.session.commit()
    queues.nudge_delivery(g.tenant.id)
    flash(_("Saved. Send a test, to be sure it works."), "good")
    return redirect(url_for(".gateways"), code=303)


def _own_address(account: GatewayAccount, form: TextTestForm) -> str:
    if account.channel == Channel.EMAIL:
        return str(current_user.email)
    if not form.validate():
        raise Unacceptable("", [])
    phone = addresses.phone(form.phone.data or "", country=g.tenant.country)
    if not phone.takes_texts:
        raise Unacceptable.at("phone", _("A landline takes no texts: type a mobile number."))
    return phone.number


def _send(account: GatewayAccount, to: str) -> int:
    of_app().begin(f"test of a gateway {g.tenant.id}", f"cafe {g.tenant.id}")
    note("gateway.tested", f"gateway:{account.id}")
    words: Mapping[str, str] = {"cafe": g.tenant.name}
    text = _("This is a test from %(cafe)s. If you can read it, your guests can be reached.", **words)
    return trials.send(account, g.tenant, to=to, text=text, subject=_("A test from %(cafe)s", **words))
