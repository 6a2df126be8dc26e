"""What a guest may ask for: all of their data as a file, or to be forgotten."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.audience import erasure, members
from domain.insight import dossier
from domain.loyalty import wallets
from models.database import db
from models.member import Member
from web import sheets
from web.access import fresh_login, requires
from web.blueprints.members.room import bp, note

FORMATS = ("json", "csv")


@bp.post("/<external_id>/data")
@requires("export_members")
@fresh_login
def data(external_id: str) -> Response:
    """Everything that is kept about a guest, for them to take along."""
    member = members.get(db.session, external_id)
    shape = request.form.get("format") if request.form.get("format") in FORMATS else FORMATS[0]
    everything = dossier.everything(db.session, member.id)
    note("member.exported", member, format=shape)
    db.session.commit()
    name = f"member-{member.id}"
    if shape == "csv":
        return sheets.download(name, ("kind", "at", "details"), list(_lines(everything)))
    document = json.dumps(everything, default=_plain, ensure_ascii=False, indent=2)
    response = Response(document, content_type="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.json")
    return response


@bp.get("/<external_id>/erase")
@requires("erase_members")
@fresh_login
def ask_to_erase(external_id: str) -> str:
    """What goes and what stays, before anything does."""
    return _page(members.get(db.session, external_id))


@bp.post("/<external_id>/erase")
@requires("erase_members")
@fresh_login
def erase(external_id: str) -> Response | tuple[str, int]:
    """Forget a guest, once their number was typed."""
    member = members.get(db.session, external_id)
    if request.form.get("typed", "").strip() != member.external_id:
        return _page(member, error=_("This is not the number above. Type it to be sure that you mean this guest.")), 422
    erasure.erase(db.session, member, now=clock.now())
    note("member.erased", member)
    db.session.commit()
    flash(_("The guest is forgotten. What they bought still counts, without a name."), "good")
    return redirect(url_for(".index"), code=303)


def _page(member: Member, error: str | None = None) -> str:
    return render_template(
        "members/erase.html",
        member=member,
        error=error,
        typed=request.form.get("typed", ""),
        balances=wallets.balances_of_many(db.session, [member.id]).get(member.id, []),
        rewards=wallets.open_rewards(db.session, member.id),
    )


def _lines(everything: Mapping[str, list[dict[str, Any]]]) -> Iterator[tuple[str, Any, str]]:
    for kind, rows in everything.items():
        for row in rows:
            details = "; ".join(f"{name}: {_text(value)}" for name, value in row.items() if name != "at" and value)
            yield kind, row.get("at"), details


def _text(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a file")
