"""What a request at the till meets, read in one statement: the café's terms, the shop, the receipt if it is known, and
the member, held so that only one posting at a time changes their points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.errors import FieldError
from domain.loyalty.sales import MemberRef, Sale
from domain.loyalty.summaries import HOLD
from domain.sentences import say
from domain.statements import hot, run

# The lock sits in a CTE; whatever it guards is read by a later statement, which sees what the holder before wrote.
_LOOK = """
    WITH member AS MATERIALIZED ({member})
    SELECT {hold} AS held, t.currency, t.timezone, t.locale,
           (SELECT id FROM member) AS member_id,
           (SELECT jsonb_build_object('id', id, 'name', name, 'timezone', timezone) FROM locations
             WHERE name = :location_name OR id = CAST(:location_id AS bigint) LIMIT 1) AS location,
           (SELECT jsonb_build_object('id', id, 'content_hash', content_hash, 'answer', answer) FROM purchases
             WHERE source = :source AND external_id = :external_id) AS receipt,
           (SELECT jsonb_object_agg(code, id) FROM currencies) AS currencies,
           (SELECT jsonb_agg(jsonb_build_object(
                'id', id, 'currency_id', currency_id, 'points_per_unit', points_per_unit::text, 'per_item', per_item,
                'multiplier', multiplier::text, 'condition', condition,
                'activates_after_days', activates_after_days, 'lifetime_days', lifetime_days) ORDER BY id)
              FROM earning_rules WHERE archived_at IS NULL) AS rules,
           (SELECT jsonb_agg(jsonb_build_object(
                'id', id, 'currency_id', currency_id, 'name', name, 'threshold', threshold, 'cost', cost,
                'valid_days', valid_days, 'repeatable', repeatable) ORDER BY id)
              FROM rewards WHERE archived_at IS NULL) AS rewards
      FROM tenants t WHERE t.id = current_setting('app.tenant_id')::bigint"""


_MEMBER = "SELECT member_id AS id FROM hold_members(ARRAY[CAST(:field AS text)], ARRAY[CAST(:member AS text)])"
_ANSWERS = "held currency timezone locale member_id location receipt currencies rules rewards"
_NOBODY = hot(_LOOK.format(hold=HOLD, member="SELECT NULL::bigint AS id"), answers=_ANSWERS)
_SOMEBODY = hot(_LOOK.format(hold=HOLD, member=_MEMBER), answers=_ANSWERS)
# Tills go on reading the cards of rows that were merged into another.
_HOLD_ALL = text("SELECT field, name, member_id FROM hold_members(CAST(:fields AS text[]), CAST(:names AS text[]))")
_SHOPS = text("SELECT id, name, timezone FROM locations WHERE name = ANY(:names) OR id = ANY(:ids)")
_RECEIPTS = text("""
    SELECT source, external_id, id, content_hash, answer FROM purchases
     WHERE (source, external_id) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:external_ids AS text[])))""")


@dataclass(frozen=True, slots=True)
class Shop:
    """The location something happened at; its zone is the café's unless it has its own."""

    id: int
    name: str
    timezone: str | None


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """An earning rule as purchases see it."""

    id: int
    currency_id: int
    points_per_unit: Decimal | None
    per_item: dict[str, Any] | None
    multiplier: Decimal | None
    condition: dict[str, Any] | None
    activates_after_days: int | None
    lifetime_days: int | None


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """A reward as balances see it."""

    id: int
    currency_id: int
    name: str
    threshold: int
    cost: int
    valid_days: int | None
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """A purchase that was told before, and what was answered then."""

    id: int
    content_hash: str
    answer: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Till:
    """The café's terms, and whom and what the request named: None where it named nothing, or nothing known."""

    currency: str
    zone: ZoneInfo
    locale: str
    currencies: dict[str, int]
    rules: tuple[RuleTerms, ...]
    rewards: tuple[RewardTerms, ...]
    member_id: int | None
    shop: Shop | None
    receipt: Receipt | None

    @property
    def member_ids(self) -> list[int]:
        """The member, if there is one, as a list."""
        return [] if self.member_id is None else [self.member_id]

    def code(self, currency_id: int) -> str:
        """The code of a point currency."""
        return next(code for code, each in self.currencies.items() if each == currency_id)

    def local(self, instant: datetime) -> datetime:
        """The instant on the shop's clock."""
        return instant.astimezone(ZoneInfo(self.shop.timezone) if self.shop and self.shop.timezone else self.zone)

    def missing(self, member: MemberRef | None, location: str | int | None) -> list[FieldError]:
        """Errors for what a request named and the café does not have."""
        errors = []
        if member and self.member_id is None:
            errors.append(FieldError("member", say("No member has this.")))
        if location is not None and self.shop is None:
            errors.append(FieldError("location", say("There is no location of this name.")))
        return errors


def approach(
    session: Session,
    *,
    member: MemberRef | None = None,
    location: str | int | None = None,
    source: str | None = None,
    external_id: str | None = None,
) -> Till:
    """Read the café's terms and what the request names; the member found stays locked until the transaction ends."""
    named = {
        "field": member.field if member else None,
        "member": member.value if member else None,
        "location_name": location if isinstance(location, str) else None,
        "location_id": location if isinstance(location, int) else None,
        "source": source,
        "external_id": external_id,
    }
    row = run(session, _SOMEBODY if member else _NOBODY, named).one()
    return Till(
        currency=row.currency,
        zone=ZoneInfo(row.timezone),
        locale=row.locale,
        currencies=dict(sorted((row.currencies or {}).items(), key=lambda each: each[1])),
        rules=tuple(_rule(each) for each in row.rules or ()),
        rewards=tuple(RewardTerms(**each) for each in row.rewards or ()),
        member_id=row.member_id,
        shop=Shop(**row.location) if row.location else None,
        receipt=Receipt(**row.receipt) if row.receipt else None,
    )


def approach_all(session: Session, sales: Sequence[Sale]) -> list[Till]:
    """What `approach` reads, for many sales at once: all their members are locked until the transaction ends, in the
    order that everybody locks them in."""
    members = _held(session, {sale.member for sale in sales if sale.member})
    cafe = approach(session)
    shops, receipts = _shops(session, sales), _receipts(session, sales)
    return [
        replace(
            cafe,
            member_id=members.get(sale.member) if sale.member else None,
            shop=None if sale.location is None else shops.get(sale.location),
            receipt=receipts.get((sale.source, sale.external_id)),
        )
        for sale in sales
    ]


def _held(session: Session, members: Iterable[MemberRef]) -> dict[MemberRef, int]:
    """The ids of these members, who are locked from now on."""
    named = list(members)
    asked = {"fields": [each.field for each in named], "names": [each.value for each in named]}
    return {MemberRef(row.field, row.name): row.member_id for row in session.execute(_HOLD_ALL, asked)}


def _shops(session: Session, sales: Sequence[Sale]) -> dict[str | int, Shop]:
    named = {sale.location for sale in sales if sale.location is not None}
    if not named:
        return {}
    asked = {
        "names": [each for each in named if isinstance(each, str)],
        "ids": [each for each in named if isinstance(each, int)],
    }
    found = [Shop(*row) for row in session.execute(_SHOPS, asked)]
    return {shop.name: shop for shop in found} | {shop.id: shop for shop in found}


def _receipts(session: Session, sales: Sequence[Sale]) -> dict[tuple[str, str], Receipt]:
    asked = {"sources": [sale.source for sale in sales], "external_ids": [sale.external_id for sale in sales]}
    rows = session.execute(_RECEIPTS, asked)
    return {(row.source, row.external_id): Receipt(row.id, row.content_hash, row.answer) for row in rows}


def _rule(values: dict[str, Any]) -> RuleTerms:
    for exact in ("points_per_unit", "multiplier"):
        values[exact] = None if values[exact] is None else Decimal(values[exact])
    return RuleTerms(**values)
