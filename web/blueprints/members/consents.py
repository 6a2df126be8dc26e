"""What a guest agreed to: everything they said, the proof of it, and what staff may write down, which is only a no."""

from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from domain.audience import consent, consent_history, members, suppression
from domain.audience.consent import Proof
from domain.loyalty.sales import time_errors
from models.database import db
from models.member import Member
from models.message import Channel
from web import filters, sheets
from web.access import fresh_login, requires
from web.blueprints.members.room import bp, note
from web.forms.withdrawal import WithdrawalForm
from web.paging import cursor_number

PAGE = 50
PROOF = ("member", "channel", "topic", "answer", "given_at", "time_known", "recorded_at", "recorded_by", "source",
         "words", "version", "address")  # fmt: skip


@bp.get("/<external_id>/consents")
@requires("see_members")
def consents(external_id: str) -> str:
    """Everything a guest said, newest first, where they stand, and what keeps messages away."""
    member = members.get(db.session, external_id)
    return _page(member, _form(member))


@bp.post("/<external_id>/withdrawals")
@requires("record_withdrawals")
def withdraw(external_id: str) -> Response | tuple[str, int]:
    """Write down that a guest wants less: with how and when, and who wrote it."""
    member = members.get(db.session, external_id)
    form, now = _form(member), clock.now()
    if not form.validate():
        return _page(member, form), 422
    given_at = form.given_at(now, filters.zone())
    if time_errors(given_at, now=now):
        form.when.errors = [_("This is not a time that has been: it is %(now)s now.", now=filters.when(now))]
        return _page(member, form), 422
    channel, topic = form.said()
    proof = Proof(form.how.data, given_at, recorded_by=audit.by_user(current_user.id))
    changed = consent.withdraw(db.session, member.id, proof, now=now, channel=channel, topic=topic)
    note("consent.withdrawn", member, channel=channel, topic=topic, how=form.how.data)
    db.session.commit()
    flash(_("Written down. Nothing of this leaves any more.") if changed else _nothing_new(), "good")
    return redirect(url_for(".consents", external_id=external_id), code=303)


@bp.post("/<external_id>/consents.csv")
@requires("export_members")
@fresh_login
def proof(external_id: str) -> Response:
    """Everything a guest said, as a file to show to whom it concerns."""
    member = members.get(db.session, external_id)
    note("consent.exported", member)
    db.session.commit()
    rows = list(_proof(member))
    return sheets.download(f"consents-{filters.day(clock.now())}", PROOF, rows)


def _page(member: Member, form: WithdrawalForm) -> str:
    before = cursor_number()
    said = consent_history.page(db.session, member.id, before_id=before, limit=PAGE + 1)
    return render_template(
        "members/consents.html",
        member=member,
        form=form,
        said=said[:PAGE],
        cursor=said[PAGE - 1].id if len(said) > PAGE else None,
        is_further=before is not None,
        standing=consent_history.standing(db.session, member.id),
        suppressions=suppression.of_member(db.session, member),
        paused_until=consent.paused_until(db.session, member.id, now=clock.now()),
    )


def _form(member: Member) -> WithdrawalForm:
    form = WithdrawalForm()
    asked = consent.of_member(db.session, member.id)
    reached = {Channel.EMAIL.value: member.email, Channel.SMS.value: member.phone}
    form.offer([each for each in consent.CHANNELS if reached.get(each) or each in asked], clock.now(), filters.zone())
    return form


def _nothing_new() -> str:
    return _("Written down. It changes nothing: it was closed already, or the guest said yes again later.")


def _proof(member: Member) -> Iterator[tuple[object, ...]]:
    for said in consent_history.proof(db.session, member.id):
        answer = "yes" if said.granted else "no"
        told = (member.external_id, said.channel, said.topic, answer, said.given_at, said.is_dated, said.recorded_at)
        yield (*told, said.recorded_by, said.source, said.wording, said.wording_version, said.address)
