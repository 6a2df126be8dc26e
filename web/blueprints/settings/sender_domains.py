"""The domains that mail comes from: records to publish, and whether the world finds them."""

from dataclasses import dataclass

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from domain import clock
from domain.accounts.vault import WrongKey
from domain.delivery import accounts
from domain.delivery import sender_domains as domains
from domain.delivery.sender_domains import Finding, Record
from domain.errors import Refusal
from gateways import host_of
from gateways.mail_dns import MailDns
from models.database import db
from models.message import Channel
from models.sender_domain import SenderDomain
from web.access import requires
from web.attempts import of_app
from web.blueprints.settings.room import bp, note
from web.forms.sender_domain import SenderDomainForm


@dataclass(frozen=True, slots=True)
class Shown:
    """A domain as the page shows it, with its records and what was found of each."""

    row: SenderDomain
    records: list[tuple[Record, Finding | None]]


@bp.get("/sender-domains")
@requires("see_settings")
def sender_domains() -> str:
    """All of them, and a form for one more."""
    return _page(SenderDomainForm())


@bp.post("/sender-domains")
@requires("manage_gateways")
def new_sender_domain() -> Response | tuple[str, int]:
    """One more domain, with a key of its own."""
    form = SenderDomainForm()
    if not form.validate():
        return _page(form), 422
    try:
        row = domains.add(db.session(), form.domain.data or "", now=clock.now())
    except Refusal as refused:
        return _page(form, form.show(refused)), 422
    note("sender_domain.added", f"sender_domain:{row.id}", domain=row.domain)
    db.session.commit()
    flash(_("Now publish the three records where the domain is registered, then look again."), "good")
    return redirect(url_for(".sender_domains"), code=303)


@bp.post("/sender-domains/<int:domain_id>/check")
@requires("manage_gateways")
def check_sender_domain(domain_id: int) -> Response:
    """Ask the name servers. Nothing is open in the database meanwhile."""
    row = domains.get(db.session(), domain_id)
    of_app().begin(f"look at a domain {row.tenant_id}", f"domain {domain_id}")
    name, selector = row.domain, row.selector
    db.session.commit()
    answers = MailDns(current_app.config.get("NAME_SERVER")).look(name, selector)
    row = domains.get(db.session(), domain_id)
    domains.note(db.session(), row, answers, now=clock.now())
    note("sender_domain.checked", f"sender_domain:{domain_id}", **row.findings)
    db.session.commit()
    return redirect(url_for(".sender_domains", _anchor=f"domain-{domain_id}"), code=303)


@bp.post("/sender-domains/<int:domain_id>/remove")
@requires("manage_gateways")
def remove_sender_domain(domain_id: int) -> Response:
    """Its mails leave unsigned from now on."""
    domains.remove(db.session(), domain_id)
    note("sender_domain.removed", f"sender_domain:{domain_id}")
    db.session.commit()
    flash(_("Removed. Mails from this domain leave unsigned."), "look")
    return redirect(url_for(".sender_domains"), code=303)


def _page(form: SenderDomainForm, refusal: str | None = None) -> str:
    shown = [_shown(row) for row in domains.of_cafe(db.session())]
    return render_template("settings/sender_domains.html", domains=shown, form=form, refusal=refusal)


def _shown(row: SenderDomain) -> Shown:
    found = {purpose: Finding(value) for purpose, value in row.findings.items()}
    return Shown(row, [(each, found.get(each.purpose)) for each in domains.records(row, mail_host=_mail_host())])


def _mail_host() -> str:
    """The server that sends the café's mail, if one is set up."""
    account = accounts.in_service(db.session(), Channel.EMAIL)
    try:
        return host_of(account.provider, accounts.settings_of(account)).partition(":")[0] if account else ""
    except (WrongKey, Refusal):
        return ""
