"""Tags put on guests and taken off: one guest on their page, many on the tag's."""

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from domain import clock
from domain.audience import members, named, segments, tags
from domain.errors import Refusal
from models.database import db
from models.segment import SegmentMember
from web import filters
from web.access import requires
from web.blueprints.tags.pages import page
from web.blueprints.tags.room import actor, bp, note
from web.forms.tag import PutOnForm
from web.refusal_words import in_words

SHOWN = 5


@bp.post("/<int:tag_id>/put-on")
@requires("edit_members")
def put_on(tag_id: int) -> Response | tuple[str, int]:
    """Put it on everybody who is named, one a line. Lines that name nobody are told, the others count."""
    tag, form, refusal = tags.get(db.session(), tag_id), PutOnForm(), None
    if form.validate():
        found = named.find(db.session(), g.tenant, form.lines)
        try:
            count = tags.put_on(db.session(), tag, list(found.values()), actor=actor(), now=clock.now())
        except Refusal as refused:
            refusal = form.show(refused)
        else:
            note("tag.put_on", tag, members=count)
            db.session.commit()
            _tell(count, [line for line in form.lines if line not in found])
            return redirect(url_for(".show", tag_id=tag_id), code=303)
    return page(tag, form, refusal), 422


@bp.post("/put-on-found")
@requires("edit_members")
def put_on_found() -> Response:
    """Put one on all guests whom a search found, or who are in a segment."""
    tag_id, words = _number(request.form.get("tag", "")), request.form.get("q", "").strip()[:120]
    found = _found(words)
    if tag_id is None or found is None:
        return redirect(url_for("members.index", q=words or None), code=303)
    tag = tags.get(db.session(), tag_id)
    try:
        count = tags.put_on_found(db.session(), tag, found, actor=actor(), now=clock.now())
    except Refusal as refused:
        db.session.rollback()
        flash(in_words(refused.detail), "stopped")
        return redirect(url_for("members.index", q=words or None), code=303)
    note("tag.put_on", tag, members=count)
    db.session.commit()
    _tell(count, [])
    return redirect(url_for(".show", tag_id=tag_id), code=303)


@bp.post("/<int:tag_id>/take-off")
@requires("edit_members")
def take_off(tag_id: int) -> Response | tuple[str, int]:
    """Take it from the members who were ticked."""
    tag = tags.get(db.session(), tag_id)
    ids = [number for each in request.form.getlist("member") if (number := _number(each))]
    try:
        count = tags.take_off(db.session(), tag, ids, actor=actor(), now=clock.now())
    except Refusal as refused:
        return page(tag, PutOnForm(), in_words(refused.detail)), 422
    note("tag.taken_off", tag, members=count)
    db.session.commit()
    shown = filters.number(count)
    flash(ngettext("Taken off %(shown)s guest.", "Taken off %(shown)s guests.", count, shown=shown), "good")
    return redirect(url_for(".show", tag_id=tag_id), code=303)


@bp.post("/of/<external_id>")
@requires("edit_members")
def change_one(external_id: str) -> Response:
    """Put a tag on one guest (`put_on`), or take one off (`take_off`)."""
    member = members.get(db.session(), external_id)
    act = tags.put_on if "put_on" in request.form else tags.take_off
    tag_id = _number(request.form.get("put_on") or request.form.get("take_off") or "")
    if tag_id:
        try:
            tag = tags.get(db.session(), tag_id)
            act(db.session(), tag, [member.id], actor=actor(), now=clock.now())
            note("tag.put_on" if act is tags.put_on else "tag.taken_off", tag, member=member.id)
            db.session.commit()
        except Refusal as refused:
            db.session.rollback()
            flash(in_words(refused.detail), "stopped")
    return redirect(url_for("members.show", external_id=external_id, _anchor="tags"), code=303)


def _found(words: str) -> Select[int] | None:
    """Whom a search finds, or who is in the segment that was named; None when neither was."""
    segment_id = _number(request.form.get("segment", ""))
    if segment_id is not None:
        segment = segments.in_use(db.session(), segment_id)
        return select(SegmentMember.member_id).where(SegmentMember.segment_id == segment.id)
    return members.found_by(words) if words else None


def _tell(count: int, unknown: list[str]) -> None:
    shown = filters.number(count)
    flash(ngettext("Put on %(shown)s guest.", "Put on %(shown)s guests.", count, shown=shown), "good")
    if unknown:
        names = ", ".join(unknown[:SHOWN]) + (" …" if len(unknown) > SHOWN else "")
        flash(_("Nobody was found for: %(names)s", names=names), "look")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
