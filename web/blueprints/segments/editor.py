"""The editor of a segment: its name, its rule, and whom that finds; saving keeps them."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.audience import conditions, segments
from domain.audience.facts import FACTS
from domain.errors import Refusal, Unacceptable
from models.database import db
from models.segment import Segment
from web import rule_editor
from web.access import requires
from web.blueprints.segments.room import bp, note
from web.forms.conditions.builder import Builder
from web.forms.conditions.rows import Condition, Group
from web.forms.conditions.tree import Draft, draw
from web.forms.segment import SegmentForm
from web.found import Found
from web.htmx import wants_fragment
from web.segment_ideas import IDEAS


@bp.route("/new", methods=["GET", "POST"])
@requires("edit_segments")
def new() -> Response | str | tuple[str, int]:
    """A new one: with one open question, or with an idea of the address."""
    if request.method == "POST":
        return _pressed_or_saved(None)
    idea = IDEAS.get(request.args.get("idea", ""))
    if idea is None:
        return _editor(SegmentForm(), Group("all", [Condition(has_focus=True)]), None)
    return _editor(SegmentForm(name=str(idea.name)), draw(idea.tree, FACTS), None)


@bp.route("/<int:segment_id>/edit", methods=["GET", "POST"])
@requires("edit_segments")
def edit(segment_id: int) -> Response | str | tuple[str, int]:
    """Change its name and its rule; the numbers of a preset stand in the settings."""
    segment = segments.get(db.session(), segment_id)
    if segment.archived_at is not None:
        return redirect(url_for(".show", segment_id=segment_id), code=303)
    if segment.preset is not None:
        return redirect(url_for("settings.segments", _anchor=segment.preset), code=303)
    if request.method == "POST":
        return _pressed_or_saved(segment)
    return _editor(SegmentForm(name=segment.name), draw(segment.definition or {}, FACTS), segment)


@bp.post("/found")
@requires("edit_segments")
def found_beside() -> str:
    """What is typed, in words and as a waterfall."""
    shown = _found(rule_editor.typed(), request.form.get("segment", type=int))
    return render_template("segments/_found.html", found=shown, wants_fragment=True)


@bp.post("/part")
@requires("edit_segments")
def part() -> str:
    """What follows when a row's fact or operator was changed: its other inputs."""
    return rule_editor.part(_builder(Group(), None))


def _pressed_or_saved(segment: Segment | None) -> Response | str | tuple[str, int]:
    action = request.form.get("do")
    if not action:
        return _save(SegmentForm(), rule_editor.typed(), segment)
    top = rule_editor.pressed(action)
    return rule_editor.rule(_builder(top, segment)) if wants_fragment() else _editor(SegmentForm(), top, segment)


def _save(form: SegmentForm, top: Group, segment: Segment | None) -> Response | tuple[str, int]:
    draft, is_named, refusal = Draft(top, FACTS), form.validate(), None
    draft.tell()
    if is_named and draft.is_whole and draft.tree is not None:
        try:
            saved = _saved(segment, {"name": form.name.data, "definition": draft.tree})
            db.session.commit()
        except Refusal as refused:
            db.session.rollback()
            loose = _builder(top, segment).tell(draft, refused.errors)
            refusal = form.show(Unacceptable(refused.detail, loose)) if loose or not refused.errors else None
        else:
            flash(_("Saved. From now on it keeps itself true."), "good")
            return redirect(url_for(".show", segment_id=saved.id), code=303)
    return _editor(form, top, segment, refusal or _("Something is not right yet: see the fields below.")), 422


def _saved(segment: Segment | None, values: dict[str, object]) -> Segment:
    now = clock.now()
    if segment is None:
        saved = segments.create(db.session(), g.tenant, values, now=now)
    else:
        saved = segments.update(db.session(), g.tenant, segment.id, values, now=now)
    note("segment.changed" if segment else "segment.created", saved)
    return saved


def _editor(form: SegmentForm, top: Group, segment: Segment | None, refusal: str | None = None) -> str:
    return render_template(
        "segments/edit.html",
        form=form,
        segment=segment,
        refusal=refusal,
        ask=_builder(top, segment),
        found=_found(top, segment.id if segment else None),
    )


def _builder(top: Group, segment: Segment | None) -> Builder:
    url = url_for(".edit", segment_id=segment.id) if segment else url_for(".new")
    return Builder(db.session(), top, url, url_for(".part"), segment.id if segment else None)


def _found(top: Group, segment_id: int | None) -> Found:
    return rule_editor.found_by(top, lambda tree: conditions.check(db.session(), tree, segment_id=segment_id))
