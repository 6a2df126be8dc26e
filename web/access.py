"""Who may enter which view. A view that does not say is shut."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from domain import clock

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed_in"
SUPPORT = "support"
FRESH_FOR = timedelta(minutes=15)

# These rooms check keys, signatures and signed links themselves.
OWN_CHECKS = ("/api/", "/hooks/")

STAFF = {"see_home", "see_members", "see_messages", "see_rewards", "redeem", "record_withdrawals"}
MANAGER = STAFF | {
    "edit_members",
    "import_members",
    "edit_rewards",
    "edit_segments",
    "see_templates",
    "edit_templates",
    "see_settings",
    "edit_settings",
    "send_test",
    "run_campaigns",
}
OWNER = MANAGER | {"manage_gateways", "manage_keys", "manage_team", "see_audit", "export_members", "erase_members"}
PERMISSIONS = {"owner": OWNER, "manager": MANAGER, "staff": STAFF}


def requires(permission: str) -> Callable[[View], View]:
    """Only for people whose role in the café of the address includes `permission`."""
    if permission not in OWNER:
        raise LookupError(f"{permission!r} is no permission; there are: {', '.join(sorted(OWNER))}")
    return _declare(permission)


def signed_in(view: View) -> View:
    """For everybody who is signed in, whatever the café."""
    return _declare(SIGNED_IN)(view)


def for_support(view: View) -> View:
    """For the platform's own people."""
    return _declare(SUPPORT)(view)


def public(view: View) -> View:
    """For everybody."""
    return _declare(PUBLIC)(view)


def declared(view: Callable[..., Any]) -> str | None:
    """What a view says about who may enter: a permission, `signed_in`, `support`, `public`, or nothing."""
    return getattr(view, "access", None)


def fresh_login(view: View) -> View:
    """Only soon after the password was typed; asks for it again otherwise. Stands below `requires`."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if clock.now() - current_user.fresh_at > FRESH_FOR:
            return redirect(url_for("auth.confirm", next=_here()), code=303)
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def may(permission: str) -> bool:
    """Whether the person here may do this; for templates that offer only what works."""
    membership = g.get("membership")
    return membership is not None and permission in PERMISSIONS.get(membership.role, set())


def init_app(app: Flask) -> None:
    """Check every request before its view runs."""
    app.before_request(check)
    app.jinja_env.globals["may"] = may


def check() -> Response | None:
    """Let the request through or not: shut unless declared."""
    if request.endpoint is None or request.endpoint == "static" or request.path.startswith(OWN_CHECKS):
        return None
    needed = declared(current_app.view_functions[request.endpoint])
    if needed == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()
    if not _lets_in(needed):
        abort(403)
    return None


def _lets_in(needed: str | None) -> bool:
    if needed == SUPPORT:
        return bool(current_user.is_support)
    return needed == SIGNED_IN or (needed is not None and may(needed))


def _declare(needed: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = needed  # type: ignore[attr-defined]
        return view

    return mark


def _here() -> str:
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return urlsplit(request.referrer or "").path or "/"  # back to the form that asked
