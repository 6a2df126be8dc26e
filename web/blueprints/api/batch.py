"""Batches: many small requests in one, each answered for itself."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog
from flask import Response
from flask_openapi3.models import RawModel
from pydantic import Field
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, InternalServerError

from domain.errors import Refusal, TooLarge, Unacceptable
from models.database import db
from web.blueprints.api import auth, events, members, points, purchases, reading, replay
from web.blueprints.api.events import EventBody
from web.blueprints.api.members import MemberBody
from web.blueprints.api.noun import Noun, Reply, commit, respond
from web.blueprints.api.points import PointsBody
from web.blueprints.api.receipts import PurchaseBody
from web.blueprints.api.shapes import Answer, Body, ExternalId
from web.errors import http_error, refused

bp = Noun("batch", "Many small requests in one.")
log = structlog.get_logger()

NDJSON = "application/x-ndjson"
LARGEST_BATCH = 8 * 1024 * 1024
MOST_LINES = 1000
LARGEST_LINE = 64 * 1024


class Lines(RawModel):
    """One JSON object per line."""

    mimetypes = [NDJSON]  # noqa: RUF012 (read by flask-openapi3 as it stands)


class MemberLine(MemberBody):
    """A member as a line: the external_id stands inside."""

    external_id: ExternalId


class LineAnswer(Answer):
    """What one line was answered."""

    line: int = Field(description="Counted from 1, empty lines included.")
    status: int
    body: dict[str, Any] = Field(description="As the single request answers, or its problem document.")


class BatchAnswer(Answer):
    """One answer per line, in order."""

    items: list[LineAnswer]


class _Operation(NamedTuple):
    scope: str
    model: type[Body]
    run: Callable[[Any], Reply]


def _save_member(line: MemberLine) -> Reply:
    return members.save(line.external_id, line)


OPERATIONS = {
    "purchase": _Operation("events:write", PurchaseBody, purchases.ring_up),
    "event": _Operation("events:write", EventBody, events.record),
    "member": _Operation("members:write", MemberLine, _save_member),
    "points": _Operation("loyalty:write", PointsBody, points.book),
}


@bp.operation("POST", "/batch", answers={200: BatchAnswer})
def create(raw: Lines) -> Response:
    """Many purchases, events, members and points at once

    Each line is the body of its single request plus `op`; a bad line is answered with its problem and stops no other.
    At most 1,000 lines of 64 KiB. Scopes are those of the single requests, line by line.
    """
    content = reading.raw_body(NDJSON, largest=LARGEST_BATCH)
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    if len(lines) > MOST_LINES:
        raise TooLarge(f"A batch has at most {MOST_LINES:,} lines, this one has {len(lines):,}.")
    with Session(db.engine) as keys:  # the lines commit one by one, the key only with the last of them
        response = replay.once(content, lambda: respond(_all(lines)), keys_in=keys)
        keys.commit()
    return response


def _all(lines: Sequence[tuple[int, bytes]]) -> Reply:
    items = []
    for number, line in lines:
        status, body = _one(line)
        items.append({"line": number, "status": status, "body": body})
    return Reply(200, {"items": items})


def _one(line: bytes) -> Reply:
    try:
        reply = _run(line)
        commit()
        return reply
    except Refusal as error:
        problem = refused(error)
    except Forbidden as error:
        problem = http_error(error)
    except Exception:
        log.exception("batch.line_failed")
        problem = http_error(InternalServerError())
    db.session.rollback()
    return Reply(problem.status_code, problem.get_json())


def _run(line: bytes) -> Reply:
    if len(line) > LARGEST_LINE:
        raise TooLarge(f"A line is at most {LARGEST_LINE // 1024} KiB.")
    document = reading.json_object(line)
    op = document.pop("op", None)
    if not isinstance(op, str) or op not in OPERATIONS:
        raise Unacceptable.at("op", f"Use one of: {', '.join(OPERATIONS)}.")
    operation = OPERATIONS[op]
    auth.demand([operation.scope])
    return operation.run(reading.as_model(operation.model, document))
