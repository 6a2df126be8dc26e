"""Balance inquiries: what the person at the till says when a guest asks."""

from pydantic import ConfigDict, Field

from domain import clock
from domain.loyalty import inquiries
from domain.outreach import reactions
from models.database import db
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.nudges import look_for_messages
from web.blueprints.api.references import member_ref
from web.blueprints.api.shapes import Answer, Balance, Body, Id, MemberReference, Name

bp = Noun("balance_inquiries", "What the till tells a guest who asks.")


class InquiryBody(Body):
    """Who asks, and where."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"member": {"card": "40012345"}, "location": "main"}]})

    member: MemberReference
    location: Name | Id | None = Field(None, description="The location's name or id.")


class Nearest(Answer):
    """The reward with the fewest points missing."""

    reward: int
    missing: int


class InquiryAnswer(Answer):
    """How the member stands."""

    balances: list[Balance]
    nearest: Nearest | None
    cashier_lines: list[str]


@bp.operation(
    "POST",
    "/balance-inquiries",
    scopes=["events:write", "loyalty:write", "members:read"],
    answers={200: InquiryAnswer},
)
def create(body: InquiryBody) -> Reply:
    """Ask for a member's balance at the till"""
    now = clock.now()
    inquiry = inquiries.ask(db.session, member=member_ref(body.member), location=body.location, now=now)
    look_for_messages(reactions.answer(db.session, unlocked=inquiry.unlocked, now=now))
    return Reply(200, inquiry.answer)
