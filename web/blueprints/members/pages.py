"""The guests of a café: found, met, added, changed."""

from uuid import uuid4

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from domain import clock
from domain.audience import aliases, consent, consent_history, freshness, members, suppression, tags
from domain.errors import Refusal
from domain.insight import timeline
from domain.loyalty import wallets
from models.database import db
from models.member import Member
from web import tag_cards
from web.access import requires
from web.blueprints.members.room import bp
from web.forms.member import MemberForm
from web.htmx import wants_fragment
from web.paging import cursor_number

PAGE = 50


@bp.get("/")
@requires("see_members")
def index() -> str:
    """The list, narrowed by what is typed; htmx gets the list alone."""
    words, before = request.args.get("q", "")[:120], cursor_number()
    found = list(db.session.scalars(members.search(words, before_id=before, limit=PAGE + 1)))
    shown = found[:PAGE]
    context = {
        "members": shown,
        "words": words,
        "free_tags": tags.by_hand(db.session()) if words else [],
        "is_further": before is not None,
        "cursor": shown[-1].id if len(found) > PAGE else None,
        "balances": wallets.balances_of_many(db.session, [member.id for member in shown]),
    }
    if wants_fragment():
        return render_template("members/_list.html", **context)
    return render_template("members/index.html", total=_total(), **context)


@bp.route("/new", methods=["GET", "POST"])
@requires("edit_members")
def new() -> Response | str | tuple[str, int]:
    """Add a guest by hand."""
    form = MemberForm()
    if request.method == "GET":
        return render_template("members/edit.html", form=form, member=None)
    return _save(form, None, f"m-{uuid4().hex[:12]}")


@bp.get("/<external_id>")
@requires("see_members")
def show(external_id: str) -> str:
    """One guest: balance, profile, what may be sent, and the story or the points."""
    member = members.get(db.session, external_id)
    tab = "points" if request.args.get("tab") == "points" else "story"
    return render_template(
        "members/show.html",
        member=member,
        tab=tab,
        balances=wallets.balances_of_many(db.session, [member.id]).get(member.id, []),
        rewards=wallets.open_rewards(db.session, member.id),
        used=wallets.used_rewards(db.session(), member.id),
        completeness=members.completeness(member),
        aliases=aliases.of_member(db.session, member.id),
        standing=consent_history.standing(db.session, member.id),
        paused_until=consent.paused_until(db.session, member.id, now=clock.now()),
        suppressions=suppression.of_member(db.session, member),
        tags=tag_cards.of_member(member.id),
        **(_points(member) if tab == "points" else _story(member)),
    )


@bp.route("/<external_id>/edit", methods=["GET", "POST"])
@requires("edit_members")
def edit(external_id: str) -> Response | str | tuple[str, int]:
    """Change a guest's profile."""
    member = members.get(db.session, external_id)
    form = MemberForm(obj=member)
    if request.method == "GET":
        return render_template("members/edit.html", form=form, member=member)
    return _save(form, member, external_id)


def _save(form: MemberForm, member: Member | None, external_id: str) -> Response | tuple[str, int]:
    refusal = None
    if form.validate():
        try:
            saved = members.upsert(db.session, g.tenant, external_id, form.changes(), now=clock.now())
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            freshness.look_at(db.session(), g.tenant, saved.member.id, now=clock.now())
            db.session.commit()
            flash(_("Saved."))
            return redirect(url_for(".show", external_id=external_id), code=303)
    return render_template("members/edit.html", form=form, member=member, refusal=refusal), 422


def _story(member: Member) -> dict[str, object]:
    return {"story": timeline.page(db.session, member.id, cursor=request.args.get("cursor"), limit=PAGE)}


def _points(member: Member) -> dict[str, object]:
    entries = wallets.entries(db.session, member.id, before_id=cursor_number(), limit=PAGE + 1)
    return {"entries": entries[:PAGE], "cursor": entries[PAGE - 1].id if len(entries) > PAGE else None}


def _total() -> int:
    return db.session.scalar(select(func.count()).select_from(Member).where(Member.erased_at.is_(None))) or 0
