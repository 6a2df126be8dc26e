"""Files with guests or purchases: uploaded, looked at, rehearsed, imported; guests are taken back too."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from domain import clock, tables
from domain.accounts import audit
from domain.audience.imports import columns, preview, records, undoing
from domain.audience.imports.preview import Choices, Preview
from domain.errors import Conflict, Unacceptable
from domain.tables import UnknownEncoding, dates, encodings
from domain.tables.delimited import DELIMITERS
from domain.tenant_scope import tenant_scope
from models.database import db
from models.imports import Import, ImportRemark
from tasks import queues
from tasks.import_kinds import KINDS
from web import sheets
from web.access import fresh_login, requires
from web.extensions import caller_address
from web.htmx import wants_fragment
from web.import_words import remark_words, said_words
from web.paging import cursor_number
from web.tenancy import CAFE

bp = Blueprint("imports", __name__, url_prefix=f"{CAFE}/imports")

PAGE, BATCH = 50, 1000
LARGEST_FILE = 20 * 1024 * 1024
BEFORE_START = ("uploaded", "rehearsed", "refused")
UNDER_WAY = ("waiting", "running")


@bp.get("/")
@requires("import_members")
def index() -> str:
    """What came in so far, and a place for the next file."""
    return _index()


@bp.post("/")
@requires("import_members")
def upload() -> AnyResponse | tuple[str, int]:
    """Keep a file that can be read as a table; another one is refused here and now."""
    kind = request.form.get("kind", records.MEMBERS)
    if kind not in KINDS:
        abort(404)
    sent = request.files.get("file")
    content = sent.stream.read(LARGEST_FILE + 1) if sent else b""
    if not content:
        return _index(kind, _("Choose a file first.")), 422
    if len(content) > LARGEST_FILE:
        return _index(kind, _("This file is larger than 20 MB. Split it, or leave columns out.")), 422
    try:
        _judge(content)
    except Unacceptable as refusal:
        return _index(kind, said_words(refusal.detail)), 422
    row = records.keep(db.session(), kind, sent.filename or "", content, user_id=current_user.id, now=clock.now())
    db.session.commit()
    return redirect(url_for(".show", import_id=row.id), code=303)


@bp.get("/<int:import_id>")
@requires("import_members")
def show(import_id: int) -> str | AnyResponse | tuple[str, int]:
    """Where an import stands: what to choose, how far it is, or what came of it. htmx asks how far it is."""
    row = records.get(db.session(), import_id)
    if row.state in UNDER_WAY:
        return render_template(f"imports/{'_' if wants_fragment() else ''}progress.html", row=row)
    if wants_fragment():
        return Response(headers={"HX-Refresh": "true"})
    if row.state == "uploaded" or (request.args.get("change") and row.state in BEFORE_START):
        return _choosing(row, _chosen(row))
    return _result(row)


@bp.post("/<int:import_id>/columns")
@requires("import_members")
def choose(import_id: int) -> str | AnyResponse | tuple[str, int]:
    """What the columns mean. htmx looks at what follows; else the file is rehearsed as it was said."""
    row = records.get(db.session(), import_id)
    if row.state not in BEFORE_START:
        return redirect(url_for(".show", import_id=import_id), code=303)
    choices = _posted(row)
    if wants_fragment() or "look" in request.form:
        return _choosing(row, choices)
    try:
        seen = _looked_at(row, choices)
        KINDS[row.kind].assign(seen.table.headers, seen.mapping)
    except Unacceptable as refusal:
        return _choosing(row, choices, said_words(refusal.detail)), 422
    if seen.asks_order:
        return _choosing(row, choices, _("One thing only you know: which of the two numbers is the day?")), 422
    row.options = {
        "encoding": choices.encoding or seen.table.encoding,
        "delimiter": choices.delimiter or seen.delimiter,
        "dates": seen.order,
        "mapping": dict(seen.mapping),
        "headers": list(seen.table.headers),
    }
    return _asked(row, "rehearse", BEFORE_START)


@bp.post("/<int:import_id>/load")
@requires("import_members")
def load(import_id: int) -> AnyResponse:
    """Begin the import that was rehearsed."""
    return _asked(records.get(db.session(), import_id), "load", ("rehearsed",))


@bp.post("/<int:import_id>/undo")
@requires("import_members")
@fresh_login
def undo(import_id: int) -> AnyResponse:
    """Take an import back, within a day."""
    row = records.get(db.session(), import_id)
    if row.kind != records.MEMBERS:  # points and rewards followed from it: a receipt is refunded, not taken back
        abort(404)
    return _asked(row, "undo", ("done",))


@bp.get("/<int:import_id>/refused.csv")
@requires("import_members")
def refused(import_id: int) -> AnyResponse:
    """The rows that were refused, as they stood in the file, with line, column and reason."""
    row = records.get(db.session(), import_id)
    headers = list(row.options.get("headers", ())) if row.kept_until else []
    names = (_("line"), _("column"), _("reason"), *headers)
    fields = {field: header for header, field in (row.options.get("mapping") or {}).items()}
    rows = stream_with_context(_refused_rows(g.tenant.id, import_id, fields))
    return sheets.download(f"refused-{import_id}", names, rows)


def _asked(row: Import, task: str, expected: tuple[str, ...]) -> AnyResponse:
    try:
        records.ask_for(db.session(), row, task, expected=expected)
    except Conflict:
        db.session.rollback()
    else:
        _note(f"import.{task}_asked", row)
        db.session.commit()
        queues.nudge_import(g.tenant.id, row.id)
    return redirect(url_for(".show", import_id=row.id), code=303)


def _judge(content: bytes) -> None:
    try:
        table = tables.opened(io.BytesIO(content))
    except UnknownEncoding:
        table = tables.opened(io.BytesIO(content), encoding=encodings.OFFERED[0])
    columns.refuse_twice(table.headers)


def _posted(row: Import) -> Choices:
    """What was chosen on the page. What columns mean is told by their places; other columns are guessed anew."""
    written = Choices(
        encoding=_one_of("encoding", encodings.OFFERED),
        delimiter=_one_of("delimiter", DELIMITERS),
        dates=_one_of("dates", dates.ORDERS),
    )
    try:
        headers = _looked_at(row, written).table.headers
    except Unacceptable:
        return written
    if request.form.get("columns") != str(len(headers)):
        return written
    mapping = {header: request.form.get(f"field-{at}", "") for at, header in enumerate(headers) if header}
    return replace(written, mapping=mapping)


def _looked_at(row: Import, choices: Choices) -> Preview:
    content = records.content(db.session(), row.id)
    if content is None:
        raise Conflict(_("The file is not here any more. Upload it again."))
    return preview.look(content, choices, KINDS[row.kind].sort(g.tenant, clock.now()))


def _chosen(row: Import) -> Choices:
    return Choices(
        encoding=row.options.get("encoding", ""),
        delimiter=row.options.get("delimiter", ""),
        dates=row.options.get("dates", ""),
        mapping=row.options.get("mapping"),
    )


def _one_of(name: str, known: Any) -> str:
    value = request.form.get(name, "")
    return value if value and value in known else ""


def _index(kind: str = records.MEMBERS, refusal: str | None = None) -> str:
    before = cursor_number()
    found = records.latest(db.session(), before_id=before, limit=PAGE + 1)
    return render_template(
        "imports/index.html",
        imports=found[:PAGE],
        kind=kind,
        refusal=refusal,
        is_further=before is not None,
        cursor=found[PAGE - 1].id if len(found) > PAGE else None,
    )


def _choosing(row: Import, choices: Choices, refusal: str | None = None) -> str:
    try:
        seen = _looked_at(row, choices)
    except Unacceptable as unsuitable:  # with what was chosen it can't be read: show it as it was, and say so
        refusal = said_words(unsuitable.detail)
        seen = _looked_at(row, Choices(mapping=choices.mapping))
    return render_template(
        f"imports/{'_columns' if wants_fragment() else 'columns'}.html",
        row=row,
        seen=seen,
        doubled=preview.doubled(seen.mapping),
        refusal=refusal,
        encodings=encodings.OFFERED,
        delimiters=DELIMITERS,
    )


def _result(row: Import) -> str:
    after = cursor_number()
    told = records.remarks(db.session(), row.id, after_id=after, limit=PAGE + 1)
    stayed = undoing.kept(db.session(), row.id, after_id=cursor_number("kept"), limit=PAGE + 1)
    return render_template(
        "imports/show.html",
        row=row,
        remarks=told[:PAGE],
        cursor=told[PAGE - 1].id if len(told) > PAGE else None,
        is_further=after is not None,
        kept=stayed[:PAGE] if row.state == "undone" else [],
        kept_cursor=stayed[PAGE - 1].id if len(stayed) > PAGE else None,
        can_undo=row.kind == records.MEMBERS and row.state == "done" and _is_kept(row),
        has_file=records.is_kept(db.session(), row.id),
    )


def _is_kept(row: Import) -> bool:
    return row.kept_until is not None and row.kept_until > clock.now()


def _refused_rows(tenant_id: int, import_id: int, headers: dict[str, str]) -> Iterator[tuple[object, ...]]:
    """Batch after batch, each in a transaction of its own: a slow reader holds none open."""
    last: int | None = None
    while True:
        with tenant_scope(tenant_id):
            found = records.remarks(db.session(), import_id, after_id=last, limit=BATCH)
            rows = [_refused_row(each, headers) for each in found if each.is_refusal]
            last = found[-1].id if found else None
            db.session.rollback()
        yield from rows
        if last is None:
            return


def _refused_row(remark: ImportRemark, headers: dict[str, str]) -> tuple[object, ...]:
    reason = remark_words(remark.words, remark.values)
    return (remark.line, headers.get(remark.field, remark.field), reason, *(remark.row or ()))


def _note(action: str, row: Import) -> None:
    audit.record(
        db.session(),
        actor=audit.by_user(current_user.id),
        action=action,
        subject=f"import:{row.id}",
        now=clock.now(),
        address=caller_address(),
    )
