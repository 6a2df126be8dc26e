"""Limits: how often guests hear from the café, what that may cost, and where Viber is closed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock, money
from domain.delivery import accounts, budget
from domain.delivery import limits as set_limits
from domain.errors import Refusal, Unacceptable
from models.database import db
from models.gateway import GatewayAccount
from web import filters
from web.access import may, requires
from web.blueprints.settings.room import bp, note
from web.forms.limits import LimitsForm, PriceForm, plain
from web.forms.settings import countries

ON_THE_FORM = {"monthly_cap_minor": "monthly_cap"}


@dataclass(frozen=True, slots=True)
class Priced:
    """A gateway that sends by the piece, and what is asked about it."""

    account: GatewayAccount
    form: PriceForm


@dataclass(frozen=True, slots=True)
class Month:
    """What this month cost so far and may cost at most, in minor units (None: no cap); when the next one begins."""

    spent: int
    cap: int | None
    until: datetime


@bp.get("/limits")
@requires("see_settings")
def limits() -> str:
    """What holds, and what the month cost so far."""
    return _page(_form(), _priced())


@bp.post("/limits")
@requires("edit_settings")
def save_limits() -> Response | tuple[str, int]:
    """Change them, all or none."""
    form, priced = _form(), _priced()
    fits = [form.validate(), *(each.form.validate() for each in priced)]
    refusal = _("Something is not right yet: see the fields below.")
    if all(fits):
        try:
            changed = set_limits.change(db.session(), g.tenant, form.limits(g.tenant.currency))
            if _set_prices(priced):
                note("limits.changed", fields=changed)
                db.session.commit()
                flash(_("Saved. It holds for everything that has not left yet."), "good")
                return redirect(url_for(".limits"), code=303)
        except Refusal as refused:
            refusal = form.show(_on_the_form(refused)) or refusal
    db.session.rollback()
    return _page(form, priced, refusal), 422


def _page(form: LimitsForm, priced: Sequence[Priced], refusal: str | None = None) -> str:
    return render_template("settings/limits.html", form=form, priced=priced, refusal=refusal, month=_month())


def _month() -> Month:
    now = clock.now()
    spent = money.from_hundredths(budget.spent(db.session(), g.tenant, now=now))
    return Month(spent, g.tenant.monthly_cap_minor, budget.month(g.tenant.timezone, now)[1])


def _form() -> LimitsForm:
    standing = set_limits.of(g.tenant)
    form = LimitsForm(
        promotional_per_day=standing.promotional_per_day,
        promotional_per_week=standing.promotional_per_week,
        monthly_cap=_typed_cap(standing.monthly_cap_minor),
        viber_closed=list(standing.viber_closed),
    )
    names = filters.locale().territories
    form.viber_closed.choices = [(code, names.get(code, code)) for code in standing.viber_closed]
    others = [each for each in countries() if each[0] not in standing.viber_closed]
    form.one_more.choices = [("", _("none")), *others]
    _show_only(form)
    return form


def _priced() -> list[Priced]:
    sold_by_the_piece = [each for each in accounts.all_of(db.session()) if each.channel in budget.CHARGEABLE]
    return [Priced(each, _price_form(each)) for each in sold_by_the_piece]


def _price_form(account: GatewayAccount) -> PriceForm:
    known = account.price_per_part
    standing = "" if known is None else money.price_to_major(known, g.tenant.currency)
    form = PriceForm(prefix=f"gateway-{account.id}", price=standing)
    _show_only(form)
    return form


def _show_only(form: LimitsForm | PriceForm) -> None:
    if request.method == "GET" and not may("edit_settings"):
        for field in form:
            field.render_kw = {"disabled": True}


def _typed_cap(cap: int | None) -> str:
    return "" if cap is None else money.to_major(cap, g.tenant.currency)


def _set_prices(priced: Sequence[Priced]) -> bool:
    """Whether all of them are prices; what is none has its words beside it."""
    wrong = False
    for each in priced:
        try:
            budget.set_price(db.session(), each.account, plain(each.form.price.data))
        except Unacceptable as refused:
            each.form.show(Unacceptable.at("price", refused.detail))
            wrong = True
    return not wrong


def _on_the_form(refused: Refusal) -> Refusal:
    errors = [replace(each, path=ON_THE_FORM.get(each.path, each.path)) for each in refused.errors]
    return Unacceptable(refused.detail, errors)
