"""From how a request names somebody to the row that is meant."""

from flask import g

from domain.audience import members
from domain.errors import Unacceptable
from models.database import db
from models.member import Member
from web.blueprints.api.shapes import MemberReference


def the_member(reference: MemberReference) -> Member:
    """The member. Raises `Unacceptable` beside `member` when there is none."""
    member = members.find(db.session, g.tenant, reference.given())
    if member is None:
        raise Unacceptable.at("member", "There is no such member.")
    return member
