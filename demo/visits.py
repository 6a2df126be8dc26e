"""When guests come and what they order: weekly rhythms, seasons, new guests, lapsing guests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from demo.guests import Guest
from demo.menu import BY_CATEGORY, HOT, PASTRY, Dish

VIENNA = ZoneInfo("Europe/Vienna")
SEASON = (1.15, 1.1, 1.0, 1.0, 0.95, 0.9, 0.75, 0.75, 1.0, 1.05, 1.15, 1.25)  # January … December
HOURS = (7, 8, 8, 9, 9, 10, 11, 12, 12, 13, 14, 15, 15, 16, 16, 17, 18, 19)
LOCATIONS = ("Lindengasse", "Museum Quarter")


@dataclass(frozen=True, slots=True)
class Visit:
    """One purchase of one guest."""

    guest: Guest
    at: datetime
    reference: str  # the receipt's number
    location: str
    channel: str
    payment_method: str
    order: tuple[Dish, ...]

    @property
    def amount_minor(self) -> int:
        """What the receipt says at the bottom, in cents."""
        return sum(dish.price_minor for dish in self.order)


def of_a_year(guest: Guest, *, until: datetime, random: Random) -> Iterator[Visit]:
    """The visits of one guest in the 365 days before `until`, oldest first."""
    today = until.astimezone(VIENNA).date()
    day = max(guest.joined_on, today - timedelta(days=365))
    last = min(guest.leaves_on or today, today)
    first = guest.joined_on if guest.joined_on >= day else None  # who joins buys something
    while day <= last:
        if day == first or random.random() < _chance(guest, day):
            visit = _visit(guest, day, random)
            if visit.at < until:
                yield visit
        day += timedelta(days=1)


def _chance(guest: Guest, day: date) -> float:
    weekend = guest.habit.weekend if day.weekday() >= 5 else 1.0
    return min(0.95, guest.habit.visits_a_week / 7 * weekend * SEASON[day.month - 1])


def _visit(guest: Guest, day: date, random: Random) -> Visit:
    at = datetime.combine(day, time(random.choice(HOURS), random.randrange(60), random.randrange(60)), VIENNA)
    online = random.random() < 0.04
    return Visit(
        guest=guest,
        at=at.astimezone(UTC),
        reference=f"R{at:%y%m%d%H%M%S}-{guest.number}",
        location=LOCATIONS[guest.number % 4 == 0],
        channel="online" if online else "pos",
        payment_method="card" if online or random.random() < 0.7 else "cash",
        order=tuple(_order(guest, random)),
    )


def _order(guest: Guest, random: Random) -> Iterator[Dish]:
    yield random.choice(BY_CATEGORY[random.choice(guest.habit.taste)])
    if random.random() < 0.45:
        yield random.choice(BY_CATEGORY[PASTRY])
    if random.random() < 0.2:
        yield random.choice(BY_CATEGORY[HOT])
