"""For everybody: how promptly messages leave, day by day."""

from flask import Blueprint, Response, jsonify, render_template, request

from domain import clock
from domain.watch import promptness
from models.database import db
from web.access import public

bp = Blueprint("status", __name__)


@bp.get("/status")
@public
def show() -> Response | str:
    """The share of messages handed over within ten seconds, for each day; as JSON for who prefers it."""
    days = promptness.newest(db.session(), now=clock.now())
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(days=[_as_json(each) for each in days])
    return render_template("status/show.html", days=days)


def _as_json(each: promptness.PromptDay) -> dict[str, str | int | float]:
    share = round(each.promptly / each.handed_over, 4)
    return {"day": each.day.isoformat(), "handed_over": each.handed_over, "within_10_seconds": share}
