"""What a café owner wants to know in the morning: how it goes, who is worth a word, what needs a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import consoles
from models.tenant import Tenant

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Numbers:
    """How it goes: members seen in 30 days and in the 30 before, today's purchases, rewards, this week's messages."""

    came_back: int
    came_back_before: int
    purchases_today: int
    earned_today_minor: int
    rewards_waiting: int
    rewards_ending_this_week: int
    unlocked_today: int
    sent_this_week: int
    held_back_this_week: int

    @property
    def change_percent(self) -> int | None:
        """How many more members came than in the 30 days before, in percent; None without a before."""
        if not self.came_back_before:
            return None
        return round(100 * (self.came_back - self.came_back_before) / self.came_back_before)


@dataclass(frozen=True, slots=True)
class Week:
    """Visits of members in the seven days that begin here, and how many of the café's members made them."""

    begins: date
    visits: int
    members: int


@dataclass(frozen=True, slots=True)
class Name:
    """A member worth a word today. `why` is `birthday`, `almost` or `missing`; `number` its days or points."""

    external_id: str
    first_name: str | None
    last_name: str | None
    why: str
    number: int
    detail: str


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that needs a look: `kind`, how many, and a word about it."""

    kind: str
    count: int
    detail: str


def numbers(session: Session, tenant: Tenant, *, now: datetime) -> Numbers:
    """The figures at the top of the page, by the café's own days."""
    row = session.execute(_NUMBERS, _days(tenant, now)).one()
    return Numbers(*row)


def weeks(session: Session, tenant: Tenant, *, now: datetime) -> list[Week]:
    """The last twelve weeks, oldest first, today's the last; a week without a visit is there with 0."""
    today = now.astimezone(ZoneInfo(tenant.timezone)).date()
    begins = [today - timedelta(days=7 * back + 6) for back in reversed(range(WEEKS))]
    bounds = {"first": _midnight(tenant, begins[0]), "zone": tenant.timezone, "day": begins[0]}
    found = {row.week: row for row in session.execute(_WEEKS, bounds)}
    return [
        Week(begin, found[number].visits if number in found else 0, found[number].members if number in found else 0)
        for number, begin in enumerate(begins)
    ]


def names(session: Session, tenant: Tenant, *, now: datetime) -> list[Name]:
    """Five members worth a word: birthdays of the next week, almost a reward, regulars who have been missing."""
    today = now.astimezone(ZoneInfo(tenant.timezone)).date()
    birthdays = _names(session, _BIRTHDAYS, {"days": _as_month_days(today)})
    almost = _names(session, _ALMOST, {"since": now - timedelta(days=14)})
    missing = _names(session, _MISSING, {"now": now, "since": now - timedelta(days=90)})
    return [*birthdays[:2], *almost[:2], *missing][:5]


def attention(session: Session, tenant: Tenant, *, now: datetime) -> list[Attention]:
    """What stands still until somebody looks."""
    late = [Attention("console_late", 1, name) for name in consoles.late(session, tenant, now=now)]
    return [*(Attention(*row) for row in session.execute(_ATTENTION)), *late]


def _days(tenant: Tenant, now: datetime) -> dict[str, Any]:
    today = now.astimezone(ZoneInfo(tenant.timezone)).date()
    return {
        "now": now,
        "today": _midnight(tenant, today),
        "month": now - timedelta(days=30),
        "before": now - timedelta(days=60),
        "week": _midnight(tenant, today - timedelta(days=6)),
        "next_week": now + timedelta(days=7),
    }


def _midnight(tenant: Tenant, day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZoneInfo(tenant.timezone))


def _as_month_days(today: date) -> list[str]:
    return [f"{today + timedelta(days=ahead):%m-%d}" for ahead in range(7)]


def _names(session: Session, query: Any, values: dict[str, Any]) -> Sequence[Name]:
    return [Name(*row) for row in session.execute(query, values)]


_NUMBERS = text("""
    SELECT
      (SELECT count(DISTINCT member_id) FROM purchases WHERE occurred_at > :month AND occurred_at <= :now),
      (SELECT count(DISTINCT member_id) FROM purchases WHERE occurred_at > :before AND occurred_at <= :month),
      (SELECT count(*) FROM purchases WHERE occurred_at >= :today),
      (SELECT coalesce(sum(amount_minor - refunded_minor), 0) FROM purchases WHERE occurred_at >= :today)::bigint,
      (SELECT count(*) FROM reward_events WHERE state = 'open'),
      (SELECT count(*) FROM reward_events WHERE state = 'open' AND valid_until <= :next_week),
      (SELECT count(*) FROM reward_events WHERE unlocked_at >= :today),
      (SELECT count(*) FROM messages WHERE created_at >= :week AND sent_at IS NOT NULL AND cause <> 'test'),
      (SELECT count(*) FROM messages WHERE created_at >= :week AND state IN ('skipped', 'cancelled'))
""")

_WEEKS = text("""
    SELECT ((occurred_at AT TIME ZONE :zone)::date - CAST(:day AS date)) / 7 AS week,
           count(*) AS visits, count(DISTINCT member_id) AS members
      FROM purchases
     WHERE occurred_at >= :first AND member_id IS NOT NULL
     GROUP BY 1
""")

_BIRTHDAYS = text("""
    SELECT external_id, first_name, last_name, 'birthday',
           array_position(CAST(:days AS text[]), to_char(birthday, 'MM-DD')) - 1 AS days, ''
      FROM members m
     WHERE erased_at IS NULL AND to_char(birthday, 'MM-DD') = ANY (CAST(:days AS text[]))
     ORDER BY days, (SELECT max(occurred_at) FROM purchases p WHERE p.member_id = m.id) DESC NULLS LAST
     LIMIT 3
""")

_ALMOST = text("""
    SELECT m.external_id, m.first_name, m.last_name, 'almost', r.threshold - b.available AS missing, r.name
      FROM balances b
      JOIN rewards r ON r.currency_id = b.currency_id AND r.archived_at IS NULL
       AND b.available < r.threshold AND b.available >= r.threshold * 0.95
      JOIN members m ON m.id = b.member_id AND m.erased_at IS NULL
     WHERE EXISTS (SELECT 1 FROM purchases p WHERE p.member_id = m.id AND p.occurred_at > :since)
     ORDER BY missing, m.id
     LIMIT 2
""")

_MISSING = text("""
    WITH habits AS MATERIALIZED (
      SELECT member_id, count(*) AS visits, max(occurred_at) AS last,
             extract(epoch FROM max(occurred_at) - min(occurred_at)) / 86400 / (count(*) - 1) AS gap
        FROM purchases WHERE occurred_at > :since AND member_id IS NOT NULL
       GROUP BY member_id HAVING count(*) >= 8
    ), missing AS MATERIALIZED (
      SELECT * FROM habits
       WHERE extract(epoch FROM :now - last) / 86400 BETWEEN gap * 2.5 AND gap * 8
       ORDER BY visits DESC, member_id
       LIMIT 10
    )
    SELECT m.external_id, m.first_name, m.last_name, 'missing',
           extract(epoch FROM :now - h.last)::int / 86400, greatest(1, round(h.gap))::text
      FROM missing h JOIN members m ON m.id = h.member_id AND m.erased_at IS NULL
     ORDER BY h.visits DESC, m.id
     LIMIT 5
""")

_ATTENTION = text("""
    SELECT * FROM (
      SELECT 'gateway_stopped' AS kind, count(*) AS count,
             coalesce(min(channel || ': ' || stopped_because), '') AS detail
        FROM gateways WHERE stopped_at IS NOT NULL
      UNION ALL SELECT 'unsure', count(*), '' FROM messages
                 WHERE state = 'unsure' AND created_at > now() - interval '30 days'
      UNION ALL SELECT 'hooks_parked', count(*), coalesce(min(detail), '') FROM inbound_hooks WHERE state = 'parked'
      UNION ALL SELECT 'connector_stopped', count(*), coalesce(min(system), '') FROM connectors
                 WHERE stopped_at IS NOT NULL
      UNION ALL SELECT 'gateway_missing', count(*), '' FROM messages
                 WHERE state = 'skipped' AND reason = 'gateway_missing' AND created_at > now() - interval '7 days'
      UNION ALL SELECT 'reward_without_message', count(*), coalesce(min(name), '') FROM rewards r
                 WHERE archived_at IS NULL AND NOT messages_enabled
    ) found WHERE count > 0
""")
