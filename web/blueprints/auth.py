"""Signing in and out, and what is a person's own: password and language."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from domain import clock
from domain.accounts import sessions as session_rows
from domain.accounts import tenants, users
from domain.errors import Refusal
from models.database import db
from models.user import User
from web import attempts, sessions
from web.access import public, signed_in
from web.extensions import caller_address
from web.forms.auth import ChangePasswordForm, ConfirmForm, SignInForm
from web.languages import LANGUAGES

bp = Blueprint("auth", __name__)


@bp.get("/")
@public
def start() -> Response:
    """The bare address: on to the person's café, or to the door."""
    return redirect(url_for("auth.cafes") if current_user.is_authenticated else url_for("auth.sign_in"), code=303)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response | str | tuple[str, int]:
    form = SignInForm()
    following = sessions.own_path(request.args.get("next"))
    if request.method == "GET":
        return redirect(following or url_for("auth.cafes"), 303) if current_user.is_authenticated else _door(form)
    if not form.validate():
        return _door(form), 422
    user = _guess(form.email.data, form.password.data)
    if user is None:
        db.session.commit()
        return _door(form, refusal=_("This address and this password do not belong together.")), 422
    sessions.start(user)
    db.session.commit()
    return redirect(following or url_for("auth.cafes"), code=303)


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    sessions.end()
    db.session.commit()
    return redirect(url_for("auth.sign_in"), code=303)


@bp.get("/cafes/")
@signed_in
def cafes() -> Response | str:
    """The person's cafés; straight on where there is only one."""
    own = tenants.of_user(db.session, current_user.id)
    if current_user.is_support and not own:
        return redirect(url_for("operator.show"), code=303)
    if len(own) == 1:
        return redirect(url_for("home.show", slug=own[0].slug), code=303)
    return render_template("auth/cafes.html", cafes=own)


@bp.route("/sign-in/again", methods=["GET", "POST"])
@signed_in
def confirm() -> Response | str | tuple[str, int]:
    """Ask for the password once more before something that matters."""
    form = ConfirmForm()
    if request.method == "GET":
        return render_template("auth/confirm.html", form=form)
    if not form.validate():
        return render_template("auth/confirm.html", form=form), 422
    if _guess(current_user.email, form.password.data) is None:
        form.password.errors = [_("This is not your password.")]
        return render_template("auth/confirm.html", form=form), 422
    session_rows.refresh(db.session, current_user.token, now=clock.now())
    db.session.commit()
    return redirect(sessions.own_path(request.args.get("next")) or url_for("auth.cafes"), code=303)


@bp.route("/password", methods=["GET", "POST"])
@signed_in
def change_password() -> Response | str | tuple[str, int]:
    form = ChangePasswordForm()
    if request.method == "GET":
        return render_template("auth/password.html", form=form)
    if not form.validate():
        return render_template("auth/password.html", form=form), 422
    attempts.of_app().begin(current_user.email, caller_address())
    user = current_user.user
    try:
        users.change_password(db.session, user, current=form.current.data, new=form.new.data, now=clock.now())
    except Refusal as refusal:
        form.show(refusal)
        return render_template("auth/password.html", form=form), 422
    sessions.start(user)
    db.session.commit()
    attempts.of_app().succeeded(user.email)
    flash(_("Your password is changed. Every other browser is signed out."), "good")
    return redirect(url_for("auth.cafes"), code=303)


@bp.post("/language")
@signed_in
def speak() -> Response:
    """The language in which a person's pages speak."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        abort(404)
    current_user.user.locale = language
    db.session.commit()
    return redirect(sessions.own_path(urlsplit(request.referrer or "").path) or url_for("auth.cafes"), code=303)


def _guess(email: str, password: str) -> User | None:
    counted = attempts.of_app()
    counted.begin(email, caller_address())
    user = users.authenticate(db.session, email, password)
    if user is None:
        counted.failed(caller_address())
    else:
        counted.succeeded(email)
    return user


def _door(form: SignInForm, refusal: str | None = None) -> str:
    return render_template("auth/sign_in.html", form=form, refusal=refusal)
