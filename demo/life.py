"""A year of Café Aurora's life, written into its tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from demo import guests, visits, wallet
from demo.bulk import load, numbers
from demo.guests import Guest
from demo.visits import Visit
from demo.wallet import Unlock, Wallet
from domain.loyalty import summaries
from domain.tenant_scope import bound_tenant_id
from models.tenant import Tenant

SEED = 1070
CONSENTS = (  # channel, topic, share of those who have the address
    ("email", "rewards", 0.88),
    ("email", "promotional", 0.61),
    ("email", "reminders", 0.55),
    ("sms", "rewards", 0.66),
    ("sms", "promotional", 0.31),
)
WORDS = "Yes, Café Aurora may write to me about this. I can stop it any time."


@dataclass(frozen=True, slots=True)
class Life:
    """Who came, when, and what they have from it."""

    guests: list[Guest]
    visits: list[Visit]
    wallets: dict[int, Wallet]  # by guest number


def imagine(count: int, *, now: datetime) -> Life:
    """The same life for the same day: everything comes from one seed."""
    random = Random(SEED)
    people = guests.invite(count, today=now.astimezone(visits.VIENNA).date(), random=random)
    by_guest = {guest.number: list(visits.of_a_year(guest, until=now, random=random)) for guest in people}
    wallets = {number: wallet.fill(story, now=now, random=random) for number, story in by_guest.items()}
    everything = sorted(chain.from_iterable(by_guest.values()), key=lambda visit: (visit.at, visit.guest.number))
    return Life(people, everything, wallets)


def write(session: Session, life: Life, *, now: datetime) -> None:
    """Write a life into the bound café, which must have its locations, currencies and rewards already."""
    random = Random(SEED + 1)
    members = _write_members(session, life.guests, now=now)
    _write_consents(session, life.guests, members, random)
    purchases = _write_purchases(session, life.visits, members)
    summaries.rebuild(session, session.get_one(Tenant, bound_tenant_id()), now=now)
    _write_points(session, life, members, purchases)
    _write_rewards(session, life, members, purchases, random)
    _write_events(session, life, members)


def reference(visit: Visit) -> str:
    """The receipt number: one per guest and second."""
    return f"R{visit.at:%y%m%d%H%M%S}-{visit.guest.number}"


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


def _write_consents(session: Session, people: Iterable[Guest], members: dict[str, int], random: Random) -> None:
    tenant, rows = bound_tenant_id(), []
    for guest in people:
        given = datetime.combine(guest.joined_on, datetime.min.time(), visits.VIENNA)
        for channel, topic, share in CONSENTS:
            if (guest.email if channel == "email" else guest.phone) and random.random() < share:
                rows.append(
                    [tenant, members[guest.external_id], channel, topic, True, given, given, "join page", WORDS]
                )
    columns = ("tenant_id", "member_id", "channel", "topic", "granted", "given_at", "recorded_at", "source", "wording")
    load(session, "consents", columns, rows)
    ids = numbers(session, "consents", "member_id || channel || topic")
    states = ([*row[:5], row[5], ids[f"{row[1]}{row[2]}{row[3]}"]] for row in rows)
    load(session, "consent_states", (*columns[:5], "since", "consent_id"), states)


def _write_purchases(session: Session, story: list[Visit], members: dict[str, int]) -> dict[str, int]:
    tenant, places = bound_tenant_id(), numbers(session, "locations", "name")
    columns = (
        *("tenant_id", "source", "external_id", "content_hash", "member_id", "location_id", "amount_minor", "currency"),
        *("occurred_at", "recorded_at", "channel", "payment_method", "discounts", "refunded_minor"),
    )
    rows = (
        [tenant, "api", reference(visit), "", members[visit.guest.external_id], places[visit.location]]
        + [visit.amount_minor, "EUR", visit.at, visit.at, visit.channel, visit.payment_method, [], 0]
        for visit in story
    )
    load(session, "purchases", columns, rows)
    purchases = dict(numbers(session, "purchases", "external_id"))
    items = (
        [tenant, purchases[reference(visit)], dish.sku, dish.name, dish.category, 1, dish.price_minor]
        for visit in story
        for dish in visit.order
    )
    columns = ("tenant_id", "purchase_id", "sku", "name", "category", "quantity", "amount_minor")
    load(session, "purchase_items", columns, items)
    return purchases


def _write_points(session: Session, life: Life, members: dict[str, int], purchases: dict[str, int]) -> None:
    tenant, currencies = bound_tenant_id(), numbers(session, "currencies", "code")
    earned = [(lot, purchases[reference(lot.visit)]) for one in life.wallets.values() for lot in one.earned]
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
    session: Session, life: Life, members: dict[str, int], purchases: dict[str, int], random: Random
) -> None:
    tenant, rewards = bound_tenant_id(), numbers(session, "rewards", "name")
    codes: Iterator[str] = iter(_codes(random))
    unlocks = [(next(codes), unlock) for one in life.wallets.values() for unlock in one.unlocks]
    columns = (
        *("tenant_id", "reward_id", "member_id", "purchase_id", "number", "code", "state", "unlocked_at"),
        *("valid_until", "closed_at"),
    )
    rows = (
        [tenant, rewards[unlock.goal.name], members[unlock.visit.guest.external_id]]
        + [purchases[reference(unlock.visit)], unlock.number, code, unlock.state, unlock.visit.at]
        + [unlock.visit.at + unlock.goal.valid, _closed_at(unlock)]
        for code, unlock in unlocks
    )
    load(session, "reward_events", columns, rows)
    _write_redemptions(session, [pair for pair in unlocks if pair[1].used], members, rewards)


def _write_redemptions(
    session: Session, used: list[tuple[str, Unlock]], members: dict[str, int], rewards: dict[str, int]
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
        for code, unlock in used
    )
    load(session, "redemptions", columns, rows)
    ids = numbers(session, "redemptions", "external_id")
    columns = (
        "tenant_id",
        "member_id",
        "currency_id",
        "points",
        "kind",
        "cause",
        "reason",
        "occurred_at",
        "recorded_at",
    )
    entries = (
        [tenant, members[unlock.used.guest.external_id], currencies[unlock.goal.currency], -unlock.goal.threshold]
        + ["redeemed", f"redemption:{ids[f'redeem-{code}']}", unlock.goal.name, unlock.used.at, unlock.used.at]
        for code, unlock in used
    )
    load(session, "ledger_entries", columns, entries)


def _write_events(session: Session, life: Life, members: dict[str, int]) -> None:
    tenant = bound_tenant_id()
    joined = (
        [tenant, "registration.completed", members[guest.external_id], _morning(guest), {}] for guest in life.guests
    )
    bought = (
        [tenant, "purchase.completed", members[visit.guest.external_id], visit.at]
        + [{"purchase": reference(visit), "amount": f"{visit.amount_minor / 100:.2f}", "currency": "EUR"}]
        for visit in life.visits
    )
    unlocked = (
        [
            tenant,
            "reward.unlocked",
            members[unlock.visit.guest.external_id],
            unlock.visit.at,
            {"name": unlock.goal.name},
        ]
        for one in life.wallets.values()
        for unlock in one.unlocks
    )
    columns = ("tenant_id", "type", "member_id", "occurred_at", "properties")
    load(
        session,
        "events",
        (*columns, "recorded_at", "source"),
        ([*row, row[3], "regulars"] for row in chain(joined, bought, unlocked)),
    )


def _closed_at(unlock: Unlock) -> datetime | None:
    if unlock.used:
        return unlock.used.at
    return unlock.visit.at + unlock.goal.valid if unlock.state == "expired" else None


def _morning(guest: Guest) -> datetime:
    return datetime.combine(guest.joined_on, datetime.min.time(), visits.VIENNA) + timedelta(hours=7)


def _codes(random: Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        code = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))
        if code not in seen:
            seen.add(code)
            yield code
