"""What New and Defecting are for, measured: how many first guests buy again, how many lost ones come back."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.loyalty import summaries
from models.tenant import Tenant

PERIOD = timedelta(days=90)  # how many days' members are looked at
TIME = timedelta(days=30)  # how long they have

_SECOND_PURCHASE = text("""
    SELECT count(*) FILTER (WHERE
             (SELECT sum(d.purchases) FROM purchase_days d WHERE d.member_id = s.member_id
                 AND d.day BETWEEN s.first_on AND s.first_on + CAST(:days AS int)) >= 2) AS reached,
           count(*) AS everybody
      FROM member_summaries s WHERE s.first_on BETWEEN :first AND :last""")
# A day that no other followed for as long as Defecting waits.
_RETURN = text("""
    SELECT count(*) FILTER (WHERE EXISTS (
             SELECT FROM purchase_days n WHERE n.member_id = lost.member_id
                AND n.day BETWEEN lost.day + CAST(:away AS int) + 1
                              AND lost.day + CAST(:away AS int) + CAST(:days AS int))) AS reached,
           count(*) AS everybody
      FROM (SELECT DISTINCT member_id, day FROM purchase_days WHERE day BETWEEN :first AND :last) AS lost
     WHERE NOT EXISTS (SELECT FROM purchase_days n WHERE n.member_id = lost.member_id
                          AND n.day > lost.day AND n.day <= lost.day + CAST(:away AS int))""")


@dataclass(frozen=True, slots=True)
class Rate:
    """Of `everybody` whose time began from `first` to `last` and is over, `reached` the goal."""

    reached: int
    everybody: int
    first: date
    last: date

    @property
    def share(self) -> float | None:
        """The part that reached it, from 0 to 1; None where there was nobody."""
        return self.reached / self.everybody if self.everybody else None


def second_purchase(session: Session, tenant: Tenant, *, now: datetime) -> Rate:
    """How many of those who bought for the first time bought again within 30 days."""
    last = summaries.local_date(tenant, now) - TIME - timedelta(days=1)
    first = last - PERIOD
    row = session.execute(_SECOND_PURCHASE, {"first": first, "last": last, "days": TIME.days}).one()
    return Rate(row.reached, row.everybody, first, last)


def came_back(session: Session, tenant: Tenant, *, away_days: int, now: datetime) -> Rate:
    """How many of those who did not buy for more than `away_days` days bought again within the 30 days after."""
    last = summaries.local_date(tenant, now) - TIME - timedelta(days=1)
    first, away = last - PERIOD, timedelta(days=away_days)
    asked = {"first": first - away, "last": last - away, "away": away_days, "days": TIME.days}
    row = session.execute(_RETURN, asked).one()
    return Rate(row.reached, row.everybody, first, last)
