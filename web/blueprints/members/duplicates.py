"""Guests who are there twice: found, looked at side by side, joined or told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from domain import clock
from domain.accounts import audit
from domain.audience import duplicates as rules
from domain.audience import members, merging
from domain.audience.duplicates import Pair
from domain.insight import merge_preview
from domain.outreach import reactions
from models.database import db
from models.member import Member
from models.summary import MemberSummary
from tasks import queues
from web.access import requires
from web.blueprints.members.room import bp, note
from web.forms import merge as asked
from web.paging import cursor_numbers, numbers_cursor

PAGE = 20
FOUND = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair as the list shows it."""

    one: Member
    other: Member
    sign: str


@bp.get("/duplicates/")
@requires("edit_members")
def duplicates() -> str:
    """Pairs that look like one guest, the surest first."""
    after = cursor_numbers(3)
    page = rules.page(db.session, after=after or rules.START, limit=PAGE + 1)
    shown, last = _shown(page.pairs[:PAGE]), page.pairs[PAGE - 1] if len(page.pairs) > PAGE else None
    return render_template(
        "members/duplicates.html",
        pairs=shown,
        total=page.total,
        visits=_visits(shown),
        is_further=after is not None,
        cursor=numbers_cursor((last.strength, last.first_id, last.second_id)) if last else None,
    )


@bp.post("/duplicates/apart")
@requires("edit_members")
def tell_apart() -> Response:
    """These two are two guests."""
    one, other = _named("one", "other", request.form)
    rules.tell_apart(db.session, one.id, other.id, now=clock.now())
    note("member.told_apart", one, other=other.id)
    db.session.commit()
    flash(_("They stay two. You are not asked about them again."), "good")
    return redirect(url_for(".duplicates"), code=303)


@bp.get("/<external_id>/twin")
@requires("edit_members")
def twin(external_id: str) -> str:
    """Look for the other record of a guest."""
    member, words = members.get(db.session, external_id), request.args.get("q", "")[:120]
    found = list(db.session.scalars(members.search(words, before_id=None, limit=FOUND + 1))) if words.strip() else []
    others = [each for each in found if each.id != member.id][:FOUND]
    return render_template("members/twin.html", member=member, words=words, others=others)


@bp.get("/merge")
@requires("edit_members")
def merge() -> str:
    """Both records side by side, and what would come of them."""
    kept, gone = _named("keep", "with", request.args)
    return render_template("members/merge.html", preview=merge_preview.preview(db.session, kept, gone))


@bp.post("/merge")
@requires("edit_members")
def do_merge() -> Response:
    """Make one of two."""
    kept, gone = _named("keep", "with", request.form)
    external_id, now = kept.external_id, clock.now()
    merged = merging.merge(
        db.session,
        kept.id,
        gone.id,
        choices=asked.choices(request.form),
        actor=audit.by_user(current_user.id),
        now=now,
    )
    planned = reactions.answer(db.session, unlocked=merged.unlocked, closed=merged.closed, now=now)
    note("member.merged", merged.member, gone=gone.id)
    db.session.commit()
    if planned:
        queues.nudge_delivery(merged.member.tenant_id)
    flash(_("The two records are one now."), "good")
    return redirect(url_for(".show", external_id=external_id), code=303)


def _named(one: str, other: str, values: dict[str, str]) -> tuple[Member, Member]:
    return merging.pair(db.session, values.get(one, "")[:255], values.get(other, "")[:255])


def _shown(pairs: Sequence[Pair]) -> list[Shown]:
    ids = {number for each in pairs for number in (each.first_id, each.second_id)}
    people = {member.id: member for member in db.session.scalars(select(Member).where(Member.id.in_(ids)))}
    return [Shown(people[each.first_id], people[each.second_id], each.sign) for each in pairs]


def _visits(shown: Sequence[Shown]) -> dict[int, int]:
    ids = {member.id for each in shown for member in (each.one, each.other)}
    counted = select(MemberSummary.member_id, MemberSummary.purchases).where(MemberSummary.member_id.in_(ids))
    return dict(db.session.execute(counted).all())
