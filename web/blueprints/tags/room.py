"""What all pages about tags share: the blueprint, and the note of who changed what."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_login import current_user

from domain import clock
from domain.accounts import audit
from models.database import db
from models.tag import Tag
from web.extensions import caller_address
from web.tenancy import CAFE

bp = Blueprint("tags", __name__, url_prefix=f"{CAFE}/tags")


def actor() -> str:
    """The person here, as histories name them."""
    return audit.by_user(current_user.id)


def note(action: str, tag: Tag, **details: Any) -> None:
    """Write down who did this with a tag, in the same transaction."""
    audit.record(
        db.session(),
        actor=actor(),
        action=action,
        subject=f"tag:{tag.id}",
        details={"name": tag.name, **details},
        now=clock.now(),
        address=caller_address(),
    )


def saved(action: str, tag: Tag, words: str) -> Response:
    """Note it, commit, and go to the tag's page with these words."""
    note(action, tag)
    db.session.commit()
    flash(words, "good")
    return redirect(url_for(".show", tag_id=tag.id), code=303)
