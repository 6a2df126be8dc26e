"""In which language and time zone an answer speaks."""

from flask import Flask, g, request
from flask_login import current_user

from web.config import PROJECT
from web.extensions import babel

NAMES = {"en": "English", "de": "Deutsch"}
LANGUAGES = tuple(NAMES)


def init_app(app: Flask) -> None:
    """Choose language and zone per request. Words are English where no catalogue has them."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(PROJECT / "web" / "translations")
    babel.init_app(app, default_locale="en", locale_selector=language, timezone_selector=zone)
    app.jinja_env.globals.update(language=language, other_languages=other_languages)


def language() -> str:
    """The person's own language; a stranger's is read from the browser."""
    chosen = g.get("language")
    if chosen:
        return chosen
    if current_user.is_authenticated and current_user.locale in LANGUAGES:
        return current_user.locale
    return of_browser()


def other_languages() -> list[tuple[str, str]]:
    """What one may switch to: code and own name."""
    return [(code, name) for code, name in NAMES.items() if code != language()]


def of_browser() -> str:
    """What the browser prefers among our languages."""
    return request.accept_languages.best_match(LANGUAGES, "en")


def zone() -> str:
    """The café's time zone."""
    tenant = g.get("tenant")
    return tenant.timezone if tenant else "UTC"
