"""What tills ring up during a benchmark: known guests, new ones and strangers, from Café Aurora's menu."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from demo.bulk import load
from demo.menu import MENU
from demo.visits import LOCATIONS

SEED = 1070
NEW, STRANGERS = 0.15, 0.05  # shares of all receipts
_KNOWN = text("SELECT external_id, card, phone, email FROM members WHERE external_id NOT LIKE 'new-%' ORDER BY id")
REFERENCES = ("external_id", "card", "phone", "email")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase as a till tells it: its number, and the body of the request."""

    external_id: str
    body: bytes


def invite(session: Session, count: int, *, tenant_id: int, joined_on: date) -> None:
    """Members who never bought anything: `new-0`, `new-1` …"""
    columns = ("tenant_id", "external_id", "first_name", "card", "joined_on", "attributes", "created_at", "updated_at")
    rows = ([tenant_id, f"new-{n}", "Nora", f"N{n:07}", joined_on, {}, joined_on, joined_on] for n in range(count))
    load(session, "members", columns, rows)


def ring_up(session: Session, count: int, *, now: datetime) -> list[Receipt]:
    """`count` receipts of `now`, the same for the same café. Every new member buys once."""
    random = Random(SEED)
    known = [_references(row) for row in session.execute(_KNOWN)]
    new = iter(range(count))
    return [_receipt(number, _guest(known, new, random), now, random) for number in range(count)]


def _references(row: Sequence[str | None]) -> list[dict[str, str]]:
    return [{name: value} for name, value in zip(REFERENCES, row, strict=True) if value]


def _guest(known: Sequence[list[dict[str, str]]], new: Iterator[int], random: Random) -> dict[str, str] | None:
    kind = random.random()
    if kind < STRANGERS:
        return None
    if kind < STRANGERS + NEW:
        return {"external_id": f"new-{next(new)}"}
    return random.choice(random.choice(known))


def _receipt(number: int, guest: dict[str, str] | None, now: datetime, random: Random) -> Receipt:
    order = random.choices(MENU, k=random.choice((1, 1, 2, 2, 3)))
    items = [
        {
            "sku": dish.sku,
            "name": dish.name,
            "category": dish.category,
            "quantity": 1,
            "amount": _major(dish.price_minor),
        }
        for dish in order
    ]
    sale: dict[str, Any] = {
        "external_id": f"till-{number:07}",
        "member": guest,
        "amount": _major(sum(dish.price_minor for dish in order)),
        "currency": "EUR",
        "occurred_at": now.isoformat(),
        "channel": "pos",
        "location": random.choice(LOCATIONS),
        "payment_method": random.choice(("card", "cash")),
        "items": items,
    }
    return Receipt(sale["external_id"], json.dumps(sale).encode())


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
