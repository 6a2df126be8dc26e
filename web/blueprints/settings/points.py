"""What earns points: the kinds of points a café gives, and the rules by which purchases earn them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.errors import Refusal, Unacceptable
from domain.loyalty import currencies, earning_rules, locations
from models.database import db
from models.earning_rule import EarningRule
from web import rule_words
from web.access import requires
from web.blueprints.settings.room import bp, note
from web.forms.earning_rule import ON_THE_FORM, RuleForm, read_condition, standing
from web.forms.settings import CurrencyForm


@bp.get("/points")
@requires("see_settings")
def points() -> str:
    """The kinds of points and the rules."""
    return _page(CurrencyForm())


@bp.post("/points/currencies")
@requires("edit_settings")
def new_currency() -> Response | tuple[str, int]:
    """One more kind of points; its code for machines comes from its name."""
    form = CurrencyForm()
    if not form.validate():
        return _page(form), 422
    name = form.name.data or ""
    try:
        currency = currencies.create(db.session(), code=_code(name), name=name, now=clock.now())
    except Refusal as refused:
        return _page(form, form.show(_at_name(refused))), 422
    return _saved("currency.created", f"currency:{currency.id}")


@bp.route("/points/currencies/<int:currency_id>", methods=["GET", "POST"])
@requires("edit_settings")
def currency(currency_id: int) -> Response | str | tuple[str, int]:
    """Call a kind of points something else."""
    found = currencies.get(db.session(), currency_id)
    form = CurrencyForm(obj=found)
    if request.method == "GET":
        return render_template("settings/currency.html", form=form, currency=found)
    refusal = None
    if form.validate():
        try:
            currencies.rename(db.session(), found, form.name.data or "")
            return _saved("currency.renamed", f"currency:{currency_id}")
        except Refusal as refused:
            refusal = form.show(refused)
    return render_template("settings/currency.html", form=form, currency=found, refusal=refusal), 422


@bp.route("/points/rules/new", methods=["GET", "POST"])
@requires("edit_settings")
def new_rule() -> Response | str | tuple[str, int]:
    """One more way to earn."""
    form = _form(None)
    return _editor(form, None) if request.method == "GET" else _save(form, None)


@bp.route("/points/rules/<int:rule_id>", methods=["GET", "POST"])
@requires("edit_settings")
def rule(rule_id: int) -> Response | str | tuple[str, int]:
    """A rule, to change it from the next purchase on."""
    found = earning_rules.get(db.session(), rule_id)
    if found.archived_at is not None:
        return redirect(url_for(".points"), code=303)
    form = _form(found)
    return _editor(form, found) if request.method == "GET" else _save(form, found)


@bp.post("/points/rules/<int:rule_id>/archive")
@requires("edit_settings")
def archive_rule(rule_id: int) -> Response:
    """It counts no more; what it gave stays."""
    earning_rules.archive(db.session(), rule_id, now=clock.now())
    note("earning_rule.archived", f"earning_rule:{rule_id}")
    db.session.commit()
    flash(_("This rule counts no more. What guests earned by it stays theirs."), "good")
    return redirect(url_for(".points"), code=303)


def _page(form: CurrencyForm, refusal: str | None = None) -> str:
    known = currencies.of_cafe(db.session())
    return render_template(
        "settings/points.html",
        form=form,
        refusal=refusal,
        currencies=known,
        names={each.id: each.name for each in known},
        rules=earning_rules.of_cafe(db.session()),
    )


def _form(found: EarningRule | None) -> RuleForm:
    known = currencies.of_cafe(db.session())
    codes = {each.id: each.code for each in known}
    form = RuleForm(data=standing(found, codes[found.currency_id]) if found else None)
    form.offer(
        currencies=[(each.code, each.name) for each in known],
        locations=[shop.name for shop in locations.of_cafe(db.session())],
    )
    return form


def _save(form: RuleForm, found: EarningRule | None) -> Response | tuple[str, int]:
    refusal = None
    if form.validate():
        draft = form.draft("", _condition(form, found))
        draft = replace(draft, name=_sentence(draft))
        try:
            saved = _saved_rule(draft, found)
            return _saved("earning_rule.changed" if found else "earning_rule.created", f"earning_rule:{saved.id}")
        except Refusal as refused:
            db.session.rollback()
            refusal = form.show(_on_the_form(refused, form))
    return _editor(form, found, refusal), 422


def _saved_rule(draft: earning_rules.RuleDraft, found: EarningRule | None) -> EarningRule:
    if found is None:
        return earning_rules.create(db.session(), draft, now=clock.now())
    return earning_rules.replace(db.session(), found.id, draft, now=clock.now())


def _editor(form: RuleForm, found: EarningRule | None, refusal: str | None = None) -> str:
    kept = rule_words.condition_words(found.condition) if found and _is_kept(found) else None
    return render_template("settings/rule.html", form=form, rule=found, refusal=refusal, kept=kept)


def _condition(form: RuleForm, found: EarningRule | None) -> Mapping[str, Any] | None:
    """What the form says, or what stands when the form cannot say it."""
    return found.condition if found and _is_kept(found) else form.condition


def _is_kept(found: EarningRule) -> bool:
    return read_condition(found.condition) is None


def _sentence(draft: earning_rules.RuleDraft) -> str:
    """The rule's name in exports and the API: what it says, if that can be said already."""
    if sum(getattr(draft, way) is not None for way in earning_rules.WAYS) != 1:
        return draft.currency
    sketch = EarningRule(currency_id=0, condition=draft.where)
    for way in earning_rules.WAYS:
        setattr(sketch, way, getattr(draft, way))
    return rule_words.rule_words(sketch, {0: draft.currency})[: earning_rules.LONGEST_NAME]


def _on_the_form(refused: Refusal, form: RuleForm) -> Refusal:
    errors = [replace(each, path=ON_THE_FORM.get(each.path, each.path)) for each in refused.errors]
    if form.way.data == "multiplier" and any(each.path == "points_per_unit" for each in errors):
        errors = [replace(each, path="multiplier", message=_("Say how many times.")) for each in errors]
    else:
        missing = _("Say how many points.")
        errors = [replace(each, message=missing) if each.message == earning_rules.ONE_WAY else each for each in errors]
    return Unacceptable(refused.detail, errors)


def _saved(action: str, subject: str) -> Response:
    note(action, subject)
    db.session.commit()
    flash(_("Saved. It counts from the next purchase on.") if "rule" in action else _("Saved."), "good")
    return redirect(url_for(".points"), code=303)


def _code(name: str) -> str:
    """`Bohnen & Äpfel` as `bohnen_apfel`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    code = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:32]
    return code if code[:1].isalpha() else f"points_{code}"[:32].rstrip("_")


def _at_name(refused: Refusal) -> Refusal:
    """What is wrong with the code was made of the name: another name is what helps."""
    if wrong := [each for each in refused.errors if each.path == "name"]:
        return Unacceptable(refused.detail, wrong)
    return Unacceptable.at("name", _("There are points of this name."))
