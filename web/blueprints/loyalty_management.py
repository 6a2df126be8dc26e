"""System configuration → Loyalty management: whether tags follow their rules, when everybody is looked at, and how the
last runs went."""

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from domain import clock, cron
from domain.audience import consoles
from domain.cron import CronRefused
from domain.errors import Refusal
from models.console import ConsoleRun
from models.database import db
from tasks import consoles as at_work
from web import cron_words, filters
from web.access import may, requires
from web.blueprints.settings.room import note, offer_tabs
from web.forms.loyalty_management import TaggingForm
from web.refusal_words import in_words
from web.tenancy import CAFE

bp = Blueprint("loyalty_management", __name__, url_prefix=f"{CAFE}/settings/loyalty-management")
bp.context_processor(offer_tabs)

RUNS = 10


@bp.get("/")
@requires("see_settings")
def show() -> str:
    """The switches and the console."""
    standing = consoles.tagging(db.session())
    form = TaggingForm(is_active=standing.is_active, cron=standing.cron, months=standing.months)
    if not may("edit_settings"):
        for field in form:
            field.render_kw = {"disabled": True}
    return _page(form)


@bp.get("/schedule")
@requires("see_settings")
def explain() -> str:
    """What a schedule that is being typed means, in words, and when it would run next."""
    return render_template("loyalty_management/_schedule.html", **_explained(request.args.get("cron", "")))


@bp.post("/")
@requires("edit_settings")
def save() -> Response | tuple[str, int]:
    """Decide anew. What a new window means, or tagging that is on again, is worked out at once."""
    form, refusal, now = TaggingForm(), None, clock.now()
    if form.validate():
        try:
            changed = consoles.change_tagging(
                db.session(),
                g.tenant,
                is_active=form.is_active.data,
                line=form.cron.data,
                months=form.months.data,
                now=now,
            )
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            return _saved(changed, is_active=form.is_active.data)
    db.session.rollback()
    return _page(form, refusal), 422


@bp.post("/run")
@requires("edit_settings")
def run() -> Response:
    """Run tagging now."""
    note("tagging.run")
    flash(_told(at_work.run_now(consoles.TAGS, trigger=consoles.BUTTON)), "good")
    return redirect(url_for(".show", _anchor="console"), code=303)


def _saved(changed: list[str], *, is_active: bool) -> Response:
    if changed:
        note("tagging.changed", fields=changed)
    db.session.commit()
    flash(_("Saved."), "good")
    if "months" in changed or ("is_active" in changed and is_active):
        flash(_told(at_work.run_now(consoles.TAGS, trigger=consoles.BUTTON)), "good")
    return redirect(url_for(".show"), code=303)


def _told(ran: ConsoleRun) -> str:
    return _("Tagging ran: %(figures)s", figures=figures_words(ran))


def figures_words(ran: ConsoleRun) -> str:
    """`10,000 bills read, 12 tags added, 3 removed`."""
    bills, added, removed = (ran.figures.get(each, 0) for each in ("bills_read", "tags_added", "tags_removed"))
    return ", ".join(
        (
            ngettext("%(shown)s bill read", "%(shown)s bills read", bills, shown=filters.number(bills)),
            ngettext("%(shown)s tag added", "%(shown)s tags added", added, shown=filters.number(added)),
            ngettext("%(shown)s removed", "%(shown)s removed", removed, shown=filters.number(removed)),
        )
    )


def _page(form: TaggingForm, refusal: str | None = None) -> str:
    now, standing = clock.now(), consoles.tagging(db.session())
    return render_template(
        "loyalty_management/show.html",
        form=form,
        refusal=refusal,
        standing=standing,
        runs=consoles.runs(db.session(), consoles.TAGS, limit=RUNS),
        is_late=consoles.is_late(g.tenant, standing.cron, standing.next_at, now=now),
        figures_words=figures_words,
        most_months=consoles.MOST_MONTHS,
        **_explained(form.cron.data or ""),
    )


def _explained(line: str) -> dict[str, object]:
    try:
        schedule = cron.read(line)
    except CronRefused as refused:
        return {"why_not": in_words(refused.detail), "words": "", "slots": []}
    at, slots = clock.now(), []
    for _number in range(3):
        at = cron.next_slot(schedule, filters.zone(), after=at)
        slots.append(at)
    return {"why_not": None, "words": cron_words.cron_words(line), "slots": slots}
