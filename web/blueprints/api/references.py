"""From how a request names things to what the rules take."""

from decimal import Decimal

from flask import g
from sqlalchemy import ScalarSelect, select

from domain import money
from domain.audience import addresses, members
from domain.errors import FieldError, Unacceptable
from domain.loyalty.sales import MemberRef
from models.database import db
from models.member import Member
from web.blueprints.api.shapes import MemberReference


def member_ref(reference: MemberReference) -> MemberRef:
    """The reference for the rules: phones in E.164, e-mail addresses in lower case."""
    named = reference.given()
    if "phone" in named:
        try:
            named["phone"] = addresses.phone(named["phone"], country=g.api_key.country).number
        except Unacceptable as error:
            raise Unacceptable(error.detail, [FieldError("member.phone", error.detail)]) from error
    return MemberRef.of(named)


def the_member(reference: MemberReference) -> Member:
    """The member. Raises `Unacceptable` beside `member` when there is none."""
    ref = member_ref(reference)
    member = members.find(db.session, g.tenant, {ref.field: ref.value})
    if member is None:
        raise Unacceptable.at("member", "There is no such member.")
    return member


def id_of(external_id: str) -> ScalarSelect[int]:
    """The member's own number, asked for within another query."""
    return select(Member.id).where(Member.external_id == external_id).scalar_subquery()


def minor(path: str, amount: str, currency: str) -> int:
    """The amount in minor units. Raises `Unacceptable` beside its field."""
    try:
        return money.to_minor(amount, currency)
    except Unacceptable as error:
        raise Unacceptable(error.detail, [FieldError(path, error.detail)]) from error


def exact(number: float) -> Decimal:
    """A number of JSON as people wrote it: 0.1 is a tenth."""
    return Decimal(str(number))
