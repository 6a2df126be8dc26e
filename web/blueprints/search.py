"""The search that stands on every page: screens first, then guests, tags, segments and rewards by name."""

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from domain.audience import members
from models.database import db
from models.reward import Reward
from models.segment import Segment
from models.tag import Tag
from web import tag_words, topics
from web.access import may, requires
from web.htmx import wants_fragment
from web.tenancy import CAFE

bp = Blueprint("search", __name__, url_prefix=f"{CAFE}/search")

SHOWN = 8
LONGEST = 120


@bp.get("/")
@requires("see_home")
def index() -> str:
    """What is found; htmx gets the results alone."""
    typed = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST]
    found = _found(typed) if typed else {}
    if wants_fragment():
        return render_template("search/_results.html", typed=typed, **found)
    return render_template("search/index.html", typed=typed, **found)


def _found(typed: str) -> dict[str, object]:
    sees_members = may("see_members")
    people = members.search(typed, before_id=None, limit=SHOWN + 1)
    return {
        "screens": topics.find(typed),
        "people": list(db.session.scalars(people)) if sees_members else [],
        "shown": SHOWN,
        "tags": _tags(typed) if sees_members else [],
        "segments": _named(Segment, Segment.name, typed) if sees_members else [],
        "rewards": _named(Reward, Reward.name, typed) if may("see_rewards") else [],
    }


def _tags(typed: str) -> list[Tag]:
    """By their name, or by what the page calls them."""
    standing = db.session.scalars(select(Tag).where(Tag.archived_at.is_(None)).order_by(Tag.name_key))
    asked = typed.lower()
    return [tag for tag in standing if asked in tag.name_key or asked in tag_words.tag_title(tag).lower()][:SHOWN]


def _named(model: type[Segment] | type[Reward], name: InstrumentedAttribute[str], typed: str) -> list[object]:
    standing: ColumnElement[bool] = model.archived_at.is_(None)
    query = select(model).where(standing, name.icontains(typed, autoescape=True)).order_by(name, model.id)
    return list(db.session.scalars(query.limit(SHOWN)))
