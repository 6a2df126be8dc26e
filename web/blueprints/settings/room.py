"""What all settings pages share: the blueprint, its tabs, and the note of who changed what."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from models.database import db
from web.access import may
from web.extensions import caller_address
from web.tenancy import CAFE

bp = Blueprint("settings", __name__, url_prefix=f"{CAFE}/settings")


@bp.context_processor
def offer_tabs() -> dict[str, Any]:
    """The pages of the settings that this person may see, for their templates."""
    tabs = [
        ("settings.cafe", _("Café"), "see_settings"),
        ("loyalty_management.show", _("Loyalty management"), "see_settings"),
        ("settings.locations", _("Locations"), "see_settings"),
        ("settings.points", _("Points"), "see_settings"),
        ("settings.segments", _("Segments"), "see_settings"),
        ("settings.gateways", _("Gateways"), "see_settings"),
        ("settings.sender_domains", _("Sender domains"), "see_settings"),
        ("settings.limits", _("Limits"), "see_settings"),
        ("settings.connectors", _("Connectors"), "see_settings"),
        ("settings.keys", _("API keys"), "manage_keys"),
    ]
    return {"tabs": [(endpoint, words) for endpoint, words, permission in tabs if may(permission)]}


def note(action: str, subject: str = "", **details: Any) -> None:
    """Write down who changed a setting, in the same transaction. No secrets and no addresses of people."""
    audit.record(
        db.session(),
        actor=audit.by_user(current_user.id),
        action=action,
        subject=subject,
        details=details,
        now=clock.now(),
        address=caller_address(),
    )
