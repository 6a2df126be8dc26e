"""Signed-in browsers: the cookie names a row, and without the row there is no session."""

from datetime import datetime

from flask import Flask, Request, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import UserMixin, login_user
from werkzeug.wrappers import Response

from domain import clock
from domain.accounts import sessions
from models.database import db
from models.user import User, UserSession
from web.config import Settings
from web.extensions import caller_address, login_manager


class SignedIn(UserMixin):
    """The person behind this request, as `current_user`. Its id for Flask-Login is the session's token."""

    def __init__(self, token: str, row: UserSession, user: User) -> None:
        self.token = token
        self.user = user
        self.id = user.id
        self.email = user.email
        self.name = user.name
        self.locale = user.locale
        self.is_support = user.is_support
        self.fresh_at: datetime = row.fresh_at

    def get_id(self) -> str:
        return self.token


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie; who brings none, as machines do, costs no signature."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if not request.cookies.get(self.get_cookie_name(app)):
            return self.session_class()
        return super().open_session(app, request)


def init_app(app: Flask, settings: Settings) -> None:
    """Set up Flask-Login on rows and a cookie that only this host gets."""
    secure = settings.is_production or settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_key[1:]),
        SESSION_COOKIE_NAME="__Host-regulars" if secure else "regulars",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_PROTECTION=None,
    )
    app.session_interface = Cookies()
    login_manager.init_app(app)
    login_manager.user_loader(_load)
    login_manager.unauthorized_handler(_ask_to_sign_in)


def start(user: User) -> None:
    """Sign the person in: whatever the browser held before is gone, id and form token are new."""
    now = clock.now()
    _end_row()
    token, row = sessions.start(db.session, user, now=now, address=caller_address(), agent=_agent())
    session.clear()
    login_user(SignedIn(token, row, user))


def end() -> None:
    """Sign out: the row goes, and the cookie means nothing any more."""
    _end_row()
    session.clear()


def forget_person() -> None:
    """For the rest of this request nobody is signed in, and no row is asked who that might be."""
    g._login_user = login_manager.anonymous_user()  # where Flask-Login keeps who it found


def own_path(candidate: str | None) -> str | None:
    """A path of ours to go on to, or None: nothing that could lead to another host."""
    if not candidate or not candidate.startswith("/") or candidate[1:2] in ("/", "\\"):
        return None
    return candidate if candidate.isprintable() and "\\" not in candidate else None


def _load(token: str) -> SignedIn | None:
    found = sessions.find(db.session, token, now=clock.now())
    if found is None:
        return None
    row, user = found
    if sessions.is_due_for_touch(row, now=clock.now()):
        sessions.touch(db.session, row, now=clock.now())
        db.session.commit()
    return SignedIn(token, row, user)


def _ask_to_sign_in() -> Response:
    target = url_for("auth.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": url_for("auth.sign_in")})
    return redirect(target, code=303)


def _end_row() -> None:
    token = session.get("_user_id")
    if token:
        sessions.end(db.session, token)


def _agent() -> str:
    return (request.user_agent.string or "")[:200].replace("\x00", "")
