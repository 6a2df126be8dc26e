"""The limits a café sets itself: how often guests hear from it, what that may cost, where Viber stays closed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from domain import money
from domain.accounts.tenants import is_country
from domain.errors import FieldError, Unacceptable
from domain.sentences import Sentence, say
from models.tenant import Tenant

MOST_PER_DAY = 10
MOST_PER_WEEK = 50
MOST_COUNTRIES = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """Promotional messages that a guest may get in 24 hours and in seven days, whatever the channel; what all messages
    of a calendar month may cost, in minor units (None: no cap); countries (ISO 3166) where Viber is closed."""

    promotional_per_day: int
    promotional_per_week: int
    monthly_cap_minor: int | None
    viber_closed: Sequence[str]


def of(tenant: Tenant) -> Limits:
    """What holds for the café."""
    return Limits(
        tenant.promotional_per_day, tenant.promotional_per_week, tenant.monthly_cap_minor, list(tenant.viber_closed)
    )


def change(session: Session, tenant: Tenant, limits: Limits) -> list[str]:
    """Set the café's limits and return the names of what differs now. They hold for everything that has not left.

    Raises `Unacceptable` with the fields that are wrong.
    """
    if errors := _errors_in(limits):
        raise Unacceptable(say("These limits cannot be saved."), errors)
    wanted = asdict(limits) | {"viber_closed": sorted(set(limits.viber_closed))}
    changed = [name for name, value in wanted.items() if getattr(tenant, name) != value]
    for name in changed:
        setattr(tenant, name, wanted[name])
    session.flush()
    return changed


def _errors_in(limits: Limits) -> list[FieldError]:
    day, week = limits.promotional_per_day, limits.promotional_per_week
    is_day, is_week = 1 <= day <= MOST_PER_DAY, 1 <= week <= MOST_PER_WEEK
    checks = [
        ("promotional_per_day", is_day, _whole(MOST_PER_DAY)),
        ("promotional_per_week", is_week, _whole(MOST_PER_WEEK)),
        (
            "promotional_per_week",
            week >= day or not (is_day and is_week),
            say("A week holds at least as many as a day."),
        ),
        (
            "monthly_cap_minor",
            limits.monthly_cap_minor is None or 0 <= limits.monthly_cap_minor <= money.LARGEST_MINOR,
            say("Give an amount of money, or nothing for no cap."),
        ),
        (
            "viber_closed",
            len(limits.viber_closed) <= MOST_COUNTRIES and all(map(is_country, limits.viber_closed)),
            say("This country is not known."),
        ),
    ]
    return [FieldError(path, message) for path, right, message in checks if not right]


def _whole(most: int) -> Sentence:
    return say("Give a whole number from %(least)s to %(most)s.", least=1, most=most)
