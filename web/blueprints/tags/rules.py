"""The editor of a tag that follows a rule of the café's own: its name, its rule, and whom that finds."""

from flask import Response, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from domain import clock
from domain.audience import own_rules, tags
from domain.audience.facts import FACTS
from domain.errors import Refusal, Unacceptable
from domain.trees import Tree
from models.database import db
from models.tag import Tag
from web import rule_editor
from web.access import requires
from web.blueprints.tags.room import bp, saved
from web.forms.conditions.builder import Builder
from web.forms.conditions.rows import Condition, Group
from web.forms.conditions.tree import Draft, draw
from web.forms.tag import TagForm
from web.found import Found
from web.htmx import wants_fragment


@bp.route("/new/by-rule", methods=["GET", "POST"])
@requires("edit_segments")
def new_by_rule() -> Response | str | tuple[str, int]:
    """A new one, with one open question."""
    if request.method == "POST":
        return _pressed_or_saved(None)
    return _editor(TagForm(), Group("all", [Condition(has_focus=True)]), None)


@bp.route("/<int:tag_id>/rule", methods=["GET", "POST"])
@requires("edit_segments")
def rule(tag_id: int) -> Response | str | tuple[str, int]:
    """Let it follow another rule, or say it in other words."""
    tag = tags.get(db.session(), tag_id)
    if tag.definition is None or tag.archived_at is not None:
        return redirect(url_for(".show", tag_id=tag_id), code=303)
    if request.method == "POST":
        return _pressed_or_saved(tag)
    return _editor(_form(tag), draw(tag.definition, FACTS), tag)


@bp.post("/rule/found")
@requires("edit_segments")
def found_by_rule() -> str:
    """What is typed, in words and as a waterfall."""
    shown = _found(rule_editor.typed(), request.form.get("name", "").strip())
    return render_template("segments/_found.html", found=shown, wants_fragment=True)


@bp.post("/rule/part")
@requires("edit_segments")
def part_of_rule() -> str:
    """What follows when a row's fact or operator was changed: its other inputs."""
    return rule_editor.part(_builder(Group(), None))


def _pressed_or_saved(tag: Tag | None) -> Response | str | tuple[str, int]:
    action = request.form.get("do")
    if not action:
        return _save(_form(tag), rule_editor.typed(), tag)
    top = rule_editor.pressed(action)
    return rule_editor.rule(_builder(top, tag)) if wants_fragment() else _editor(_form(tag), top, tag)


def _save(form: TagForm, top: Group, tag: Tag | None) -> Response | tuple[str, int]:
    draft, is_named, refusal = Draft(top, FACTS), form.validate(), None
    draft.tell()
    if is_named and draft.is_whole and draft.tree is not None:
        try:
            kept = _kept(tag, form, draft.tree)
        except Refusal as refused:
            db.session.rollback()
            loose = _builder(top, tag).tell(draft, refused.errors)
            refusal = form.show(Unacceptable(refused.detail, loose)) if loose or not refused.errors else None
        else:
            return saved("tag.changed" if tag else "tag.created", kept, _("Saved. From now on it keeps itself true."))
    return _editor(form, top, tag, refusal or _("Something is not right yet: see the fields below.")), 422


def _kept(tag: Tag | None, form: TagForm, tree: Tree) -> Tag:
    words, now = form.words.data or "", clock.now()
    if tag is None:
        name = form.name.data or ""
        return tags.create(db.session(), g.tenant, name=name, words=words, definition=tree, now=now)
    tags.change(db.session(), g.tenant, tag, words=words, definition=tree, now=now)
    return tag


def _form(tag: Tag | None) -> TagForm:
    form = TagForm(obj=tag)
    if tag is not None:
        form.name.data, form.name.render_kw = tag.name, {"readonly": True}
    return form


def _editor(form: TagForm, top: Group, tag: Tag | None, refusal: str | None = None) -> str:
    name = (form.name.data or "").strip()
    ask, found = _builder(top, tag), _found(top, name)
    return render_template("tags/rule.html", form=form, tag=tag, refusal=refusal, ask=ask, found=found)


def _builder(top: Group, tag: Tag | None) -> Builder:
    url = url_for(".rule", tag_id=tag.id) if tag else url_for(".new_by_rule")
    return Builder(db.session(), top, url, url_for(".part_of_rule"), left_out=(own_rules.SEGMENTS,))


def _found(top: Group, name: str) -> Found:
    return rule_editor.found_by(top, lambda tree: own_rules.check(db.session(), tree, name=name))
