"""What fills the gaps of a batch of messages: everything about members, rewards and the café, in a few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain import money
from domain.audience import counting
from domain.content.links import LinkClaim, LinkSigner, Purpose
from domain.delivery.outbox import REWARD_EVENT, Claimed
from domain.locales import written_in

UNSUBSCRIBE = "links.unsubscribe"
LINKS = {
    UNSUBSCRIBE: (Purpose.UNSUBSCRIBE, True),
    "links.preferences": (Purpose.PREFERENCES, False),
    "links.browser": (Purpose.BROWSER, True),
    "links.card": (Purpose.PREFERENCES, False),
}
EVERYTHING = frozenset({*LINKS, "balances"})


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes and what fills it: values by dotted name, plain."""

    address: str
    name: str
    locale: str
    values: dict[str, Any]
    is_counted: bool = False  # whether what they open and click may be counted


@dataclass(frozen=True, slots=True)
class Cafe:
    """The café as its mails show it."""

    id: int
    slug: str
    name: str
    postal_address: str
    country: str
    locale: str
    timezone: str
    currency: str
    counting: str


_CAFE = text("""
    SELECT id, slug, name, coalesce(postal_address, ''), country, locale, timezone, currency, counting
      FROM tenants WHERE id = current_setting('app.tenant_id')::bigint""")

_MEMBERS = text("""
    SELECT id, first_name, last_name, email, phone, card, birthday, joined_on, locale,
           nullif(attributes, '{}') AS attributes, link_number, may_count
      FROM members WHERE id = ANY(:ids)""")

_BALANCES = text("""
    SELECT b.member_id, u.code, u.name, b.available
      FROM balances b JOIN currencies u ON u.tenant_id = b.tenant_id AND u.id = b.currency_id
     WHERE b.member_id = ANY(:ids) ORDER BY u.code""")

_CURRENCIES = text("SELECT code FROM currencies")

_REWARDS = text("""
    SELECT e.id, r.name, r.discount, e.code, r.threshold, r.cost, e.valid_until, l.name AS location, l.address
      FROM reward_events e
      JOIN rewards r ON r.tenant_id = e.tenant_id AND r.id = e.reward_id
      LEFT JOIN purchases p ON p.tenant_id = e.tenant_id AND p.id = e.purchase_id
      LEFT JOIN locations l ON l.tenant_id = p.tenant_id AND l.id = p.location_id
     WHERE e.id = ANY(:ids)""")


def cafe(session: Session) -> Cafe:
    """The café we act for."""
    return Cafe(*session.execute(_CAFE).one())


def load(
    session: Session,
    messages: Sequence[Claimed],
    here: Cafe,
    signer: LinkSigner,
    wanted: frozenset[str] = EVERYTHING,
) -> dict[int, Recipient]:
    """The recipient of each message, by message id; a message whose member is gone is left out.

    `wanted` are the links and balances that the batch uses: what nobody asks for is not looked up or signed.
    """
    member_ids = sorted({each.member_id for each in messages if each.member_id is not None})
    members = {row.id: row for row in session.execute(_MEMBERS, {"ids": member_ids}).all()}
    needs_balances = any(name.startswith("balance") for name in wanted)
    balances = _balances(session, member_ids) if needs_balances else {None: {}}
    rewards = _rewards(session, messages, here)
    shared = {"cafe.name": here.name, "cafe.address": here.postal_address}
    recipients = {}
    for message in messages:
        member = members.get(message.member_id) if message.member_id is not None else None
        if member is None and message.member_id is not None:
            continue
        values = shared | _of_member(member) | balances.get(message.member_id, balances[None])
        values |= (
            _links(message, member, here, signer, wanted) | rewards.get(message.occasion, {}) | (message.values or {})
        )
        recipients[message.id] = _recipient(message, member, here, values)
    return recipients


def discount_words(discount: Mapping[str, Any], currency: str, locale: str) -> str:
    """A reward's discount as people say it: `10%`, `€2.00`, `cappuccino`."""
    if "percent" in discount:
        return f"{discount['percent']}%"
    if "amount" in discount:
        return money.format_money(money.to_minor(str(discount["amount"]), currency), currency, locale)
    return str(discount.get("item", ""))


def _recipient(message: Claimed, member: Any, here: Cafe, values: dict[str, Any]) -> Recipient:
    if member is None:
        return Recipient(message.address or "", "", written_in(here.locale, here.country), values)
    locale = written_in(member.locale or here.locale, here.country)
    address = member.email if message.channel == "email" else member.phone
    is_counted = counting.is_allowed(here.counting, member.may_count)
    return Recipient(address or "", values["member.full_name"], locale, values, is_counted)


def _of_member(member: Any) -> dict[str, Any]:
    if member is None:
        return {}
    values: dict[str, Any] = {
        "member.first_name": member.first_name or "",
        "member.last_name": member.last_name or "",
        "member.full_name": " ".join(part for part in (member.first_name, member.last_name) if part),
        "member.email": member.email or "",
        "member.phone": member.phone or "",
        "member.card": member.card or "",
        "member.birthday": member.birthday,
        "member.joined_on": member.joined_on,
    }
    if member.attributes:
        values |= {f"member.attributes.{name}": value for name, value in member.attributes.items()}
    return values


def _balances(session: Session, member_ids: Sequence[int]) -> dict[int | None, dict[str, Any]]:
    """Values per member; None stands for those who have no points yet."""
    nothing: dict[str, Any] = {f"balance.{code}": 0 for code in session.scalars(_CURRENCIES)} | {"balances": []}
    found: dict[int | None, dict[str, Any]] = {None: nothing}
    for row in session.execute(_BALANCES, {"ids": list(member_ids)}):
        values = found.setdefault(row.member_id, nothing | {"balances": []})
        values[f"balance.{row.code}"] = row.available
        values["balances"].append({"name": row.name, "amount": row.available})
    return found


def _rewards(session: Session, messages: Sequence[Claimed], here: Cafe) -> dict[str, dict[str, Any]]:
    """Values per occasion of messages about an unlocked reward."""
    ids = sorted({unlock for each in messages if (unlock := each.reward_event_id) is not None})
    rows = session.execute(_REWARDS, {"ids": ids}).all() if ids else ()
    return {
        f"{REWARD_EVENT}{row.id}": {
            "reward.name": row.name,
            "reward.discount": discount_words(row.discount, here.currency, written_in(here.locale, here.country)),
            "reward.code": row.code,
            "reward.threshold": row.threshold,
            "reward.cost": row.cost,
            "reward.valid_until": _local_day(row.valid_until, here.timezone),
            "location.name": row.location or here.name,
            "location.address": row.address or here.postal_address,
        }
        for row in rows
    }


def _links(message: Claimed, member: Any, here: Cafe, signer: LinkSigner, wanted: frozenset[str]) -> dict[str, str]:
    member_id, number = (member.id, member.link_number) if member is not None else (0, 0)
    asked = {name: claimed for name, claimed in LINKS.items() if name in wanted}
    urls = {
        (purpose, of_message): signer.url(
            LinkClaim(purpose, here.id, member_id, message.id if of_message else 0, link_number=number)
        )
        for purpose, of_message in set(asked.values())
    }
    return {name: urls[claimed] for name, claimed in asked.items()}


def _local_day(instant: datetime | None, zone: str) -> date | None:
    return instant.astimezone(ZoneInfo(zone)).date() if instant else None
