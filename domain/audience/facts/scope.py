"""Whom a condition is asked about, and when: the café's day, zone and money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Scope:
    """`today` is the café's date in its `timezone`, `currency` that of its money. `member_ids` None means everybody."""

    today: date
    timezone: str
    currency: str
    now: datetime
    member_ids: Sequence[int] | None = None

    @classmethod
    def of(cls, tenant: Tenant, *, now: datetime, member_ids: Sequence[int] | None = None) -> "Scope":
        """A café's scope at this moment."""
        today = now.astimezone(ZoneInfo(tenant.timezone)).date()
        return cls(today, tenant.timezone, tenant.currency, now, member_ids)

    def day(self, days_ago: int) -> date:
        """The date that many days ago; the first there is when that lies before all dates."""
        return self.today - timedelta(days=min(days_ago, (self.today - date.min).days))

    def start(self, days_ago: int) -> datetime:
        """When the local day began that many days ago."""
        return datetime.combine(self.day(days_ago), time.min, ZoneInfo(self.timezone)).astimezone(UTC)
