"""All segments, one segment with its members, and what is done with one: copied, cut, put away, taken along."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from domain import clock
from domain.audience import segment_members, segments, tags
from domain.errors import Conflict, Refusal, Unacceptable
from domain.insight import segments as standing
from domain.tenant_scope import tenant_scope
from models.database import db
from models.member import Member
from models.segment import Segment, SegmentMember
from web import found, segment_goals, segment_words, sheets
from web.access import fresh_login, requires
from web.blueprints.segments.room import bp, note, today
from web.condition_words import Names
from web.htmx import wants_fragment
from web.paging import cursor_moment, cursor_number, moment_cursor
from web.segment_ideas import IDEAS

PAGE = 50
BATCH = 2000
HISTORY = timedelta(days=90)
MOST_OTHERS = 200
HEADER = ("number", "first_name", "last_name", "email", "phone", "card", "birthday", "joined_on", "in_segment_since")


@bp.get("/")
@requires("see_members")
def index() -> str:
    """The segments, narrowed by what is typed; htmx gets the list alone."""
    words, is_archived = request.args.get("q", "")[:120], request.args.get("archived") == "yes"
    after_id = cursor_number()
    listed = standing.listed(
        db.session(), today=today(), words=words, is_archived=is_archived, after_id=after_id, limit=PAGE + 1
    )
    names = Names(db.session())
    context = {
        "segments": [(each, segment_words.sentence(db.session(), each.segment, names)) for each in listed[:PAGE]],
        "words": words,
        "is_archived": is_archived,
        "is_further": after_id is not None,
        "cursor": listed[PAGE - 1].segment.id if len(listed) > PAGE else None,
    }
    if wants_fragment():
        return render_template("segments/_list.html", **context)
    return render_template("segments/index.html", ideas=IDEAS, **context)


@bp.get("/<int:segment_id>")
@requires("see_members")
def show(segment_id: int) -> str:
    """One segment: whom it holds, how it grew, what it is used for, and its members."""
    return _page(segments.get(db.session(), segment_id))


@bp.post("/<int:segment_id>/copy")
@requires("edit_segments")
def copy(segment_id: int) -> Response | tuple[str, int]:
    """The same rule once more, to be changed."""
    segment = segments.get(db.session(), segment_id)
    name = _free_name(_("Copy of %(name)s", name=segment_words.name(segment)))
    try:
        copied = segments.copy(db.session(), g.tenant, segment_id, name=name, now=clock.now())
    except Unacceptable:
        db.session.rollback()
        segment = segments.get(db.session(), segment_id)
        return _page(segment, _("Its rule asks for something that is gone: change it first.")), 422
    return _made(copied, _("Here is the copy. Change what shall be different."))


@bp.post("/<int:segment_id>/without")
@requires("edit_segments")
def without(segment_id: int) -> Response | tuple[str, int]:
    """Those who are in this segment, but not in the other one."""
    inside, other_id = segments.get(db.session(), segment_id), request.form.get("other", "")
    if not other_id.isascii() or not other_id.isdigit() or len(other_id) > 18:
        return _page(inside, _("Choose the segment they shall not be in.")), 422
    outside = segments.get(db.session(), int(other_id))
    name = _free_name(f"{segment_words.name(inside)} − {segment_words.name(outside)}")
    try:
        cut = segments.without(db.session(), g.tenant, name=name, inside=inside.id, outside=outside.id, now=clock.now())
    except Refusal:
        db.session.rollback()
        return _page(segments.get(db.session(), segment_id), _("This one was put away: choose another.")), 422
    return _made(cut, _("Made: in the one, but not in the other. It follows both."))


@bp.post("/<int:segment_id>/archive")
@requires("edit_segments")
def archive(segment_id: int) -> Response | tuple[str, int]:
    """Put it away, unless another segment asks for it."""
    segment = segments.get(db.session(), segment_id)
    if segment.preset is not None:
        return _page(segment, _("This one belongs to every café. Change its numbers instead.")), 422
    try:
        segments.archive(db.session(), segment_id, now=clock.now())
    except Conflict:
        db.session.rollback()
        segment = segments.get(db.session(), segment_id)
        return _page(segment, _("It is used: change first what stands under “Where it is used”.")), 422
    note("segment.archived", segment)
    db.session.commit()
    flash(_("“%(name)s” was put away. Nobody is in it any more.", name=segment.name), "good")
    return redirect(url_for(".index"), code=303)


@bp.post("/<int:segment_id>/members.csv")
@requires("export_members")
@fresh_login
def export(segment_id: int) -> Response:
    """Its members as a file, written while it is sent."""
    segment = segments.get(db.session(), segment_id)
    note("segment.exported", segment, members=segment.size)
    db.session.commit()
    rows = stream_with_context(_rows(g.tenant.id, segment_id))
    return sheets.download(f"segment-{segment_id}-{today():%Y-%m-%d}", HEADER, rows)


def _page(segment: Segment, refusal: str | None = None) -> str:
    before, is_living = cursor_moment(), segment.archived_at is None
    inside = segment_members.newest(db.session(), segment.id, before=before, limit=PAGE + 1)
    last = inside[PAGE - 1] if len(inside) > PAGE else None
    others = db.session.scalars(
        segments.listing().where(Segment.id != segment.id).order_by(Segment.name_key).limit(MOST_OTHERS)
    )
    members = select(SegmentMember.member_id).where(SegmentMember.segment_id == segment.id)
    said = segment_words.sentence(db.session(), segment)
    return render_template(
        "segments/show.html",
        segment=segment,
        refusal=refusal,
        standing=standing.of(db.session(), segment, today=today()),
        history=segments.sizes(db.session(), segment.id, since=today() - HISTORY),
        today=today(),
        goals=segment_goals.goals_of(db.session(), segment),
        advice=segment_goals.advice_for(segment),
        sentence=said,
        found=found.among(db.session(), members) if is_living else None,
        users=segments.used_by(db.session(), segment.id),
        tags=standing.tags_that_ask(db.session(), segment.id),
        others=list(others) if is_living else [],
        members=inside[:PAGE],
        free_tags=tags.by_hand(db.session()) if inside and is_living else [],
        asks_for_missing=segment_words.asks_for_missing(segment),
        is_further=before is not None,
        cursor=moment_cursor((last[1], last[0].id)) if last else None,
    )


def _made(segment: Segment, words: str) -> Response:
    note("segment.created", segment)
    db.session.commit()
    flash(words, "good")
    return redirect(url_for(".show", segment_id=segment.id), code=303)


def _free_name(wished: str) -> str:
    """The name, or the first numbered one that is free."""
    wished = wished[:100]
    begins = Segment.name_key.startswith(wished.lower(), autoescape=True)
    taken = set(db.session.scalars(select(Segment.name_key).where(begins, Segment.archived_at.is_(None))))
    names = [wished, *(f"{wished} {number}" for number in range(2, len(taken) + 3))]
    return next(each for each in names if each.lower() not in taken)


def _rows(tenant_id: int, segment_id: int) -> Iterator[tuple[object, ...]]:
    """Batch after batch, each in a transaction of its own: a slow reader holds none open."""
    last, batch = 0, True
    while batch:
        with tenant_scope(tenant_id):
            inside = segment_members.after(db.session(), segment_id, member_id=last, limit=BATCH)
            batch = [_row(member, since) for member, since in inside]
            last = inside[-1][0].id if inside else last
            db.session.rollback()
        yield from batch


def _row(member: Member, since: datetime) -> tuple[object, ...]:
    known = (member.external_id, member.first_name, member.last_name, member.email, member.phone, member.card)
    return (*known, member.birthday, member.joined_on, since)
