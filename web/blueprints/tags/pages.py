"""All tags, one tag with its members, a new one, one put away."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from domain import clock
from domain.audience import tag_holders, tags
from domain.audience.tag_holders import NOBODY
from domain.errors import Refusal
from models.database import db
from models.tag import Tag
from web.access import requires
from web.blueprints.tags.room import bp, note, saved
from web.forms.tag import PutOnForm, TagForm
from web.paging import cursor_moment, moment_cursor
from web.refusal_words import in_words

PAGE = 50


@bp.get("/")
@requires("see_members")
def index() -> str:
    """Every tag with its sentence, its count, its newest and its oldest member."""
    standing = tags.of_cafe(db.session())
    holders = tag_holders.of_all(db.session())
    newest = [each.newest.because for each in holders.values() if each.newest]
    return render_template(
        "tags/index.html",
        tags=standing,
        holders={tag.id: holders.get(tag.id, NOBODY) for tag in standing},
        bills=tag_holders.bills(db.session(), newest),
        archived=tags.archived(db.session()),
    )


@bp.get("/<int:tag_id>")
@requires("see_members")
def show(tag_id: int) -> str:
    """One tag and exactly its members."""
    return page(tags.get(db.session(), tag_id), PutOnForm())


@bp.get("/<int:tag_id>/about")
@requires("see_members")
def about(tag_id: int) -> str:
    """What a tag means, how many have it now, and one of them: what is shown beside its name."""
    tag = tags.get(db.session(), tag_id)
    holders = tag_holders.of_all(db.session(), tag_id=tag.id).get(tag.id, NOBODY)
    reasons = [holders.newest.because] if holders.newest else []
    bills = tag_holders.bills(db.session(), reasons)
    return render_template("tags/_about.html", tag=tag, holders=holders, bills=bills)


@bp.route("/new", methods=["GET", "POST"])
@requires("edit_members")
def new() -> Response | str | tuple[str, int]:
    """A tag of the café's own, put on by hand."""
    form, refusal = TagForm(), None
    if request.method == "GET":
        return render_template("tags/edit.html", form=form, tag=None)
    if form.validate():
        try:
            tag = tags.create(
                db.session(), g.tenant, name=form.name.data or "", words=form.words.data or "", now=clock.now()
            )
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            return saved("tag.created", tag, _("The tag is there. Now put it on somebody."))
    return render_template("tags/edit.html", form=form, tag=None, refusal=refusal), 422


@bp.route("/<int:tag_id>/edit", methods=["GET", "POST"])
@requires("edit_members")
def edit(tag_id: int) -> Response | str | tuple[str, int]:
    """Say what it means in other words."""
    tag, refusal = tags.get(db.session(), tag_id), None
    tags.refuse_built_in(tag)
    if tag.definition is not None:
        return redirect(url_for(".rule", tag_id=tag_id), code=303)
    form = TagForm(obj=tag)
    form.name.render_kw = {"readonly": True}
    if request.method == "GET":
        return render_template("tags/edit.html", form=form, tag=tag)
    if form.validate():
        try:
            tags.change(db.session(), g.tenant, tag, words=form.words.data or "", now=clock.now())
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            return saved("tag.changed", tag, _("Saved."))
    return render_template("tags/edit.html", form=form, tag=tag, refusal=refusal), 422


@bp.post("/<int:tag_id>/archive")
@requires("edit_members")
def archive(tag_id: int) -> Response | tuple[str, int]:
    """Put it away, unless something asks for it."""
    tag = tags.get(db.session(), tag_id)
    try:
        tags.archive(db.session(), tag, now=clock.now())
    except Refusal as refused:
        return page(tag, PutOnForm(), in_words(refused.detail)), 422
    note("tag.archived", tag)
    db.session.commit()
    flash(_("“%(name)s” was put away. Members keep it for the day you bring it back.", name=tag.name), "good")
    return redirect(url_for(".index"), code=303)


@bp.post("/<int:tag_id>/restore")
@requires("edit_members")
def restore(tag_id: int) -> Response:
    """Bring it back."""
    tag = tags.get(db.session(), tag_id)
    tags.restore(db.session(), g.tenant, tag, now=clock.now())
    return saved("tag.restored", tag, _("“%(name)s” is back.", name=tag.name))


def page(tag: Tag, form: PutOnForm, refusal: str | None = None) -> str:
    """The page of one tag."""
    before = cursor_moment()
    found = tag_holders.of_tag(db.session(), tag.id, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    last = (shown[-1].applied_at, shown[-1].member.id) if len(found) > PAGE else None
    return render_template(
        "tags/show.html",
        tag=tag,
        form=form,
        refusal=refusal,
        ends=tag_holders.of_all(db.session(), tag_id=tag.id).get(tag.id, NOBODY),
        holders=shown,
        bills=tag_holders.bills(db.session(), [each.because for each in shown]),
        uses=tags.uses(db.session(), tag),
        cursor=moment_cursor(last) if last else None,
        is_further=before is not None,
    )
