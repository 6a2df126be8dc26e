"""What tills ring up during a benchmark: known guests, new ones and strangers, with what they ordered."""

import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from bench.history import LOCATIONS
from demo.menu import MENU

SEED = 1070
NEW, STRANGERS = 0.15, 0.05  # shares of all receipts


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase as a till tells it: its number, and the body of the request."""

    external_id: str
    body: bytes


def ring_up(count: int, *, known: int, now: datetime) -> list[Receipt]:
    """`count` receipts of `now`, always the same. Members up to `known` come again, the others buy once."""
    random = Random(SEED)
    new = iter(range(known + 1, known + count + 1))
    return [_receipt(number, _guest(known, new, random), now, random) for number in range(count)]


def _guest(known: int, new: Any, random: Random) -> dict[str, str] | None:
    kind = random.random()
    if kind < STRANGERS:
        return None
    number = next(new) if kind < STRANGERS + NEW else random.randint(1, known)
    ways = {
        "external_id": f"m-{number}",
        "card": f"card-{number}",
        "phone": f"+43664{1000000 + number}",
        "email": f"nora{number}@example.com",
    }
    way = random.choice(list(ways))
    return {way: ways[way]}


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
