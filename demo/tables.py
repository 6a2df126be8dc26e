"""An imagined life, written into the tables of the bound café."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from demo import visits, wallet
from demo.answers import Answer
from demo.bulk import load, numbers
from demo.guests import Guest
from demo.letters import write_messages
from demo.life import SEED, Life
from demo.visits import Visit
from demo.wallet import Unlock
from domain.tenant_scope import bound_tenant_id


def write(session: Session, life: Life, *, now: datetime) -> None:
    """Write everything. The café must have its locations, currencies, rewards and gateways already."""
    members = _write_members(session, life.guests, now=now)
    _write_consents(session, life, members)
    purchases = _write_purchases(session, life.visits, members)
    _write_points(session, life, members, purchases)
    codes = _codes(life.unlocks)
    _write_rewards(session, codes, members, purchases)
    _write_events(session, life, members)
    write_messages(session, life.posts, codes, members)


def _write_members(session: Session, people: Iterable[Guest], *, now: datetime) -> dict[str, int]:
    columns = (
        *("external_id", "first_name", "last_name", "email", "phone", "phone_country", "phone_takes_texts", "card"),
        *("birthday", "joined_on", "locale", "country", "attributes", "created_at", "updated_at", "tenant_id"),
    )
    tenant = bound_tenant_id()
    load(session, "members", columns, (_member(guest, now, tenant) for guest in people))
    return dict(numbers(session, "members", "external_id"))


def _member(guest: Guest, now: datetime, tenant: int) -> list[Any]:
    joined = datetime.combine(guest.joined_on, datetime.min.time(), visits.VIENNA) + timedelta(hours=9)
    country = "AT" if guest.phone else None
    named = [guest.external_id, guest.first_name, guest.last_name, guest.email, guest.phone, country, bool(guest.phone)]
    dated = [guest.card, guest.birthday, guest.joined_on, guest.locale, "AT", {"habit": guest.habit.name}]
    return [*named, *dated, min(joined, now), min(joined, now), tenant]


def _write_consents(session: Session, life: Life, members: dict[str, int]) -> None:
    tenant = bound_tenant_id()
    said = list(chain.from_iterable(life.answers.values()))
    columns = ("tenant_id", "member_id", "channel", "topic", "granted", "given_at", "recorded_at", "source", "wording")
    rows = (
        [tenant, members[each.guest.external_id], each.channel, each.topic, each.granted, each.at, each.at]
        + [each.source, each.wording]
        for each in said
    )
    load(session, "consents", columns, rows)
    ids = numbers(session, "consents", "member_id || channel || topic || granted")
    latest = {(each.guest.number, each.channel, each.topic): each for each in said}  # a later answer takes the place
    columns = ("tenant_id", "member_id", "channel", "topic", "granted", "since", "closed_at", "consent_id")
    load(session, "consent_states", columns, (_standing(each, members, ids, tenant) for each in latest.values()))


def _standing(answer: Answer, members: dict[str, int], ids: dict[str, int], tenant: int) -> list[Any]:
    member = members[answer.guest.external_id]
    consent = ids[f"{member}{answer.channel}{answer.topic}{str(answer.granted).lower()}"]
    closed = None if answer.granted else answer.at
    return [tenant, member, answer.channel, answer.topic, answer.granted, answer.at, closed, consent]


def _write_purchases(session: Session, story: list[Visit], members: dict[str, int]) -> dict[str, int]:
    tenant, places = bound_tenant_id(), numbers(session, "locations", "name")
    columns = (
        *("tenant_id", "source", "external_id", "content_hash", "member_id", "location_id", "amount_minor", "currency"),
        *("occurred_at", "recorded_at", "channel", "payment_method", "discounts", "refunded_minor"),
    )
    rows = (
        [tenant, "api", visit.reference, "", members[visit.guest.external_id], places[visit.location]]
        + [visit.amount_minor, "EUR", visit.at, visit.at, visit.channel, visit.payment_method, [], 0]
        for visit in story
    )
    load(session, "purchases", columns, rows)
    purchases = dict(numbers(session, "purchases", "external_id"))
    items = (
        [tenant, purchases[visit.reference], members[visit.guest.external_id], visit.at]
        + [dish.sku, dish.name, dish.category, 1, dish.price_minor]
        for visit in story
        for dish in visit.order
    )
    columns = (
        *("tenant_id", "purchase_id", "member_id", "occurred_at", "sku", "name", "category", "quantity"),
        "amount_minor",
    )
    load(session, "purchase_items", columns, items)
    return purchases


def _write_points(session: Session, life: Life, members: dict[str, int], purchases: dict[str, int]) -> None:
    tenant, currencies = bound_tenant_id(), numbers(session, "currencies", "code")
    earned = [(lot, purchases[lot.visit.reference]) for one in life.wallets.values() for lot in one.earned]
    columns = (
        *("tenant_id", "member_id", "currency_id", "points", "kind", "cause", "reason", "purchase_id"),
        *("occurred_at", "recorded_at"),
    )
    entries = (
        [tenant, members[lot.visit.guest.external_id], currencies[lot.currency], lot.points, "earned"]
        + [f"purchase:{purchase}", "", purchase, lot.visit.at, lot.visit.at]
        for lot, purchase in earned
    )
    load(session, "ledger_entries", columns, entries)
    ids = numbers(session, "ledger_entries", "cause || ':' || currency_id")
    lots = (
        [tenant, ids[f"purchase:{purchase}:{currencies[lot.currency]}"], members[lot.visit.guest.external_id]]
        + [currencies[lot.currency], lot.points, lot.remaining, lot.visit.at, lot.visit.at + wallet.LIFETIME, True]
        for lot, purchase in earned
    )
    columns = ("tenant_id", "entry_id", "member_id", "currency_id", "points", "remaining", "activates_at", "expires_at")
    load(session, "lots", (*columns, "active"), lots)
    balances = (
        [tenant, members[guest.external_id], currencies[code], life.wallets[guest.number].balance(code), 0]
        for guest in life.guests
        for code in (wallet.POINTS, wallet.STARS)
        if life.wallets[guest.number].earned
    )
    load(session, "balances", ("tenant_id", "member_id", "currency_id", "available", "pending"), balances)


def _write_rewards(
    session: Session, codes: dict[str, Unlock], members: dict[str, int], purchases: dict[str, int]
) -> None:
    tenant, rewards = bound_tenant_id(), numbers(session, "rewards", "name")
    columns = (
        *("tenant_id", "reward_id", "member_id", "purchase_id", "number", "code", "state", "unlocked_at"),
        *("valid_until", "closed_at"),
    )
    rows = (
        [tenant, rewards[unlock.goal.name], members[unlock.visit.guest.external_id]]
        + [purchases[unlock.visit.reference], unlock.number, code, unlock.state, unlock.visit.at]
        + [unlock.visit.at + unlock.goal.valid, _closed_at(unlock)]
        for code, unlock in codes.items()
    )
    load(session, "reward_events", columns, rows)
    _write_redemptions(session, {code: unlock for code, unlock in codes.items() if unlock.used}, members, rewards)


def _write_redemptions(
    session: Session, used: dict[str, Unlock], members: dict[str, int], rewards: dict[str, int]
) -> None:
    tenant, events = bound_tenant_id(), numbers(session, "reward_events", "code")
    places, currencies = numbers(session, "locations", "name"), numbers(session, "currencies", "code")
    columns = (
        *("tenant_id", "external_id", "content_hash", "reward_id", "reward_event_id", "member_id", "location_id"),
        *("points", "occurred_at"),
    )
    rows = (
        [tenant, f"redeem-{code}", "", rewards[unlock.goal.name], events[code], members[unlock.used.guest.external_id]]
        + [places[unlock.used.location], unlock.goal.threshold, unlock.used.at]
        for code, unlock in used.items()
    )
    load(session, "redemptions", columns, rows)
    ids = numbers(session, "redemptions", "external_id")
    columns = (
        *("tenant_id", "member_id", "currency_id", "points", "kind", "cause", "reason"),
        *("occurred_at", "recorded_at"),
    )
    entries = (
        [tenant, members[unlock.used.guest.external_id], currencies[unlock.goal.currency], -unlock.goal.threshold]
        + ["redeemed", f"redemption:{ids[f'redeem-{code}']}", unlock.goal.name, unlock.used.at, unlock.used.at]
        for code, unlock in used.items()
    )
    load(session, "ledger_entries", columns, entries)


def _write_events(session: Session, life: Life, members: dict[str, int]) -> None:
    tenant = bound_tenant_id()
    columns = ("tenant_id", "type", "member_id", "occurred_at", "properties", "recorded_at", "source")
    rows = (
        [tenant, kind, members[guest.external_id], at, facts, at, "regulars"]
        for kind, guest, at, facts in chain(_joined(life), _bought(life), _unlocked(life))
    )
    load(session, "events", columns, rows)


Happened = tuple[str, Guest, datetime, dict[str, Any]]  # type, who, when, facts


def _joined(life: Life) -> Iterable[Happened]:
    return (("registration.completed", guest, _morning(guest), {}) for guest in life.guests)


def _bought(life: Life) -> Iterable[Happened]:
    for visit in life.visits:
        amount = f"{visit.amount_minor / 100:.2f}"
        facts = {"external_id": visit.reference, "amount": amount, "currency": "EUR"}
        facts |= {"location": visit.location, "channel": visit.channel, "payment_method": visit.payment_method}
        yield "purchase.completed", visit.guest, visit.at, facts


def _unlocked(life: Life) -> Iterable[Happened]:
    for unlock in life.unlocks:
        facts = {"name": unlock.goal.name}
        yield "reward.unlocked", unlock.visit.guest, unlock.visit.at, facts
        if unlock.used:
            yield "reward.redeemed", unlock.used.guest, unlock.used.at, facts
        elif unlock.state == "expired":
            yield "reward.expired", unlock.visit.guest, unlock.visit.at + unlock.goal.valid, facts


def _closed_at(unlock: Unlock) -> datetime | None:
    if unlock.used:
        return unlock.used.at
    return unlock.visit.at + unlock.goal.valid if unlock.state == "expired" else None


def _morning(guest: Guest) -> datetime:
    return datetime.combine(guest.joined_on, datetime.min.time(), visits.VIENNA) + timedelta(hours=7)


def _codes(unlocks: Iterable[Unlock]) -> dict[str, Unlock]:
    """Each unlock under the code that the guest shows at the till."""
    random, codes = Random(SEED + 1), {}
    for unlock in unlocks:
        code = ""
        while not code or code in codes:
            code = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))
        codes[code] = unlock
    return codes
