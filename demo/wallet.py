"""What a year of visits leaves in one guest's wallet: points earned, rewards unlocked and used, lots left over.

Retold here without the database, because a year of five thousand guests has to stand within a minute. The invariants
are the product's own: the sum of the ledger, of the lots and the balance are one number.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from demo.menu import HOT
from demo.visits import Visit

POINTS, STARS = "points", "stars"
LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Goal:
    """A reward of the café as far as wallets go."""

    name: str
    currency: str
    threshold: int
    valid: timedelta
    discount: dict[str, str]
    is_told: bool = True  # guests who unlock it hear about it


GOALS = (
    Goal("Free cappuccino", POINTS, 100, timedelta(days=60), {"item": "cappuccino"}),
    Goal("10 % off your entire purchase", POINTS, 150, timedelta(days=60), {"percent": "10"}),
    Goal("Eleventh coffee", STARS, 10, timedelta(days=90), {"item": "hot drink"}, is_told=False),
)


@dataclass(slots=True)
class Earned:
    """A lot of points and the visit it came from."""

    visit: Visit
    currency: str
    points: int
    remaining: int


@dataclass(slots=True)
class Unlock:
    """A reward unlocked by a visit; `used` is the later visit at which it was redeemed."""

    goal: Goal
    visit: Visit
    number: int
    used: Visit | None = None
    state: str = "open"


@dataclass(slots=True)
class Wallet:
    """Everything one guest has from the café."""

    earned: list[Earned] = field(default_factory=list)
    unlocks: list[Unlock] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def balance(self, currency: str) -> int:
        """Points left in this currency."""
        return self.left[currency]

    def earn(self, visit: Visit, currency: str, points: int) -> None:
        """A new lot."""
        self.earned.append(Earned(visit, currency, points, points))
        self.left[currency] += points

    def spend(self, currency: str, points: int) -> None:
        """Take points from the oldest lots."""
        self.left[currency] -= points
        for lot in self.earned:
            if lot.currency == currency:
                taken = min(points, lot.remaining)
                lot.remaining -= taken
                points -= taken


def fill(visits: Sequence[Visit], *, now: datetime, random: Random) -> Wallet:
    """The wallet of a guest after these visits, oldest first."""
    wallet = Wallet()
    for visit in visits:
        _use_something(wallet, visit, random)
        for currency, points in _earnings(visit).items():
            before = wallet.balance(currency)
            wallet.earn(visit, currency, points)
            _unlock(wallet, visit, currency, before)
    for unlock in wallet.unlocks:
        _close_if_over(unlock, now)
    return wallet


def _earnings(visit: Visit) -> dict[str, int]:
    stars = sum(1 for dish in visit.order if dish.category == HOT)
    return {POINTS: visit.amount_minor // 100} | ({STARS: stars} if stars else {})


def _unlock(wallet: Wallet, visit: Visit, currency: str, before: int) -> None:
    after = wallet.balance(currency)
    for goal in GOALS:
        if goal.currency == currency and before < goal.threshold <= after and not _open(wallet, goal):
            number = 1 + sum(1 for unlock in wallet.unlocks if unlock.goal is goal)
            wallet.unlocks.append(Unlock(goal, visit, number))


def _use_something(wallet: Wallet, visit: Visit, random: Random) -> None:
    for unlock in wallet.unlocks:
        _close_if_over(unlock, visit.at)
        affordable = wallet.balance(unlock.goal.currency) >= unlock.goal.threshold
        if unlock.state == "open" and affordable and random.random() < 0.45:
            wallet.spend(unlock.goal.currency, unlock.goal.threshold)
            unlock.used, unlock.state = visit, "redeemed"


def _open(wallet: Wallet, goal: Goal) -> bool:
    return any(unlock.goal is goal and unlock.state == "open" for unlock in wallet.unlocks)


def _close_if_over(unlock: Unlock, at: datetime) -> None:
    if unlock.state == "open" and unlock.visit.at + unlock.goal.valid <= at:
        unlock.state = "expired"
