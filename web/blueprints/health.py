"""For machines that watch."""

from collections.abc import Callable

import redis
import structlog
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from domain import clock
from models.database import db
from web.access import public
from web.config import PROJECT
from web.metrics import exposition
from web.proxy import is_neighbour

bp = Blueprint("health", __name__)
log = structlog.get_logger()


@bp.get("/healthz")
@public
def alive() -> Response:
    """The process answers."""
    return jsonify(ok=True)


@bp.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Database, Redis and migrations are as they should be: 200, else 503 with what is not."""
    checks = {name: _holds(name, check) for name, check in CHECKS.items()}
    ok = all(checks.values())
    return jsonify(ok=ok, checks=checks), 200 if ok else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus, for neighbours that come straight to us; whoever comes through a proxy finds nothing."""
    if request.environ["regulars.forwarded"] or not is_neighbour(request.environ["regulars.peer"]):
        abort(404)
    return Response(exposition(db.session(), now=clock.now()), content_type=CONTENT_TYPE_LATEST)


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # any fault here means: not ready
        log.exception("not ready", check=name)
        return False


def _database() -> bool:
    return db.session.scalar(text("SELECT 1")) == 1


def _redis() -> bool:
    with redis.from_url(current_app.config["SETTINGS"].redis_url, socket_timeout=1, socket_connect_timeout=1) as client:
        return bool(client.ping())


def _migrations() -> bool:
    wanted = ScriptDirectory(str(PROJECT / "migrations")).get_heads()
    return set(MigrationContext.configure(db.session.connection()).get_current_heads()) == set(wanted)


CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "redis": _redis, "migrations": _migrations}
