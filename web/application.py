"""Builds the application out of its parts."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_openapi3 import OpenAPI

from domain.accounts import vault
from models import pool
from models.database import db
from web import (
    access,
    assets,
    attempts,
    blueprints,
    config,
    consent_words,
    cron_words,
    errors,
    extensions,
    filters,
    guard,
    headers,
    import_words,
    languages,
    logs,
    merge_words,
    message_words,
    metrics,
    navigation,
    request_id,
    rule_words,
    segment_words,
    sessions,
    setup_words,
    stories,
    tag_words,
    tenancy,
    watch_words,
    words,
)
from web.config import Settings, driver_url
from web.embedded.settings import with_servers
from web.proxy import BehindOurProxy

# In the order in which a request meets them.
PARTS = (
    request_id,
    metrics,
    errors,
    assets,
    attempts,
    guard,
    tenancy,
    access,
    headers,
    filters,
    words,
    consent_words,
    stories,
    message_words,
    merge_words,
    rule_words,
    segment_words,
    setup_words,
    tag_words,
    cron_words,
    import_words,
    navigation,
    watch_words,
)
LARGEST_REQUEST = 21 * 1024 * 1024  # a file of 20 MiB and its form
LARGEST_FORM = 1024 * 1024
POOL = {"pool_size": 8, "max_overflow": 8, "pool_timeout": 10, "pool_recycle": 1800}
CONNECT = {"connect_timeout": 5, "application_name": "regulars"}


class Application(OpenAPI):
    """Flask, knowing that no function of ours is a coroutine: it would ask that of each one in every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def build(settings: Settings | None = None) -> Flask:
    """The application for these settings, or for the environment's. Opens no connection yet.

    Raises `ConfigurationError` with what to change.
    """
    logs.configure()
    settings = with_servers(settings or config.load())
    app = Application(
        "web", root_path=str(config.PROJECT), template_folder="templates", static_folder="static", doc_ui=False
    )
    app.config.update(_flask_config(settings))
    app.url_map.converters["int"] = guard.RowId
    app.jinja_env.add_extension("jinja2.ext.do")
    vault.unlock(settings.credentials_key)
    _init_extensions(app, settings)
    for part in PARTS:
        part.init_app(app)
    blueprints.register(app)
    app.wsgi_app = BehindOurProxy(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SETTINGS": settings,
        "SQLALCHEMY_DATABASE_URI": driver_url(settings.database_url or ""),
        "SQLALCHEMY_ENGINE_OPTIONS": {**POOL, "connect_args": CONNECT},
        "RATELIMIT_STORAGE_URI": settings.redis_url,
        "RATELIMIT_STORAGE_OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "WTF_CSRF_CHECK_DEFAULT": False,  # `guard` knows who may do without
        "WTF_CSRF_TIME_LIMIT": None,  # a form token lives as long as its session
        "WTF_CSRF_SSL_STRICT": False,  # Sec-Fetch-Site and Origin are checked instead
    }


def _init_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    with app.app_context():
        pool.watch(db.engine)
    extensions.htmx.init_app(app)
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)
    extensions.migrate.init_app(app, db, directory=str(config.PROJECT / "migrations"))
    languages.init_app(app)
    sessions.init_app(app, settings)
