"""What members bought so far, kept beside their purchases: sums, first and last days, and the purchases of each day.

Days are the café's own dates, counted in the zone of its `AudienceDay`, which also says where the year stands. Who
books holds the summaries (`HOLD`, shared); who moves the year or counts everything anew holds them alone.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.summary import AudienceDay
from models.tenant import Tenant

_KEY = "hashtextextended('summaries:' || current_setting('app.tenant_id'), 0)"
HOLD = f"(SELECT count(*) FROM (SELECT pg_advisory_xact_lock_shared({_KEY})) AS held) = 1"  # noqa: S608
_HOLD_ALONE = text(f"SELECT pg_advisory_xact_lock({_KEY})")

# The day that summaries stand at and its zone; before a café was ever counted, those of `:now`.
_CALENDAR = """
    calendar AS (
      SELECT coalesce(d.timezone, t.timezone) AS timezone,
             coalesce(d.day, (CAST(:now AS timestamptz) AT TIME ZONE t.timezone)::date) - 365 AS year_begins
        FROM tenants t LEFT JOIN audience_days d ON d.tenant_id = t.id
       WHERE t.id = current_setting('app.tenant_id')::bigint)"""

# Continues `WITH purchase AS (… RETURNING id, member_id, channel, amount_minor, occurred_at)`.
COUNT_PURCHASE = f"""{_CALENDAR},
    bought AS (
      SELECT member_id, channel, amount_minor AS net, occurred_at AS at, (channel = 'pos')::int AS pos,
             (occurred_at AT TIME ZONE timezone)::date AS day,
             ((occurred_at AT TIME ZONE timezone)::date >= year_begins)::int AS recent
        FROM purchase CROSS JOIN calendar WHERE member_id IS NOT NULL),
    purchase_day AS (
      INSERT INTO purchase_days AS d (member_id, day, channel, purchases, net_minor)
      SELECT member_id, day, channel, count(*), sum(net) FROM bought GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
          ON CONFLICT (tenant_id, member_id, day, channel)
          DO UPDATE SET purchases = d.purchases + excluded.purchases, net_minor = d.net_minor + excluded.net_minor),
    summary AS (
      INSERT INTO member_summaries AS s (member_id, purchases, pos_purchases, net_minor, pos_net_minor,
             first_on, last_on, first_at, last_at, paid_on, pos_paid_on, year_purchases, year_minor, touched_at)
      SELECT member_id, count(*), sum(pos), sum(net), sum(net * pos), min(day), max(day), min(at), max(at),
             max(day) FILTER (WHERE net > 0), max(day) FILTER (WHERE net * pos > 0), sum(recent), sum(net * recent),
             CAST(:now AS timestamptz)
        FROM bought GROUP BY 1 ORDER BY 1
          ON CONFLICT (tenant_id, member_id)
          DO UPDATE SET purchases = s.purchases + excluded.purchases,
                        pos_purchases = s.pos_purchases + excluded.pos_purchases,
                        net_minor = s.net_minor + excluded.net_minor,
                        pos_net_minor = s.pos_net_minor + excluded.pos_net_minor,
                        first_on = least(s.first_on, excluded.first_on),
                        last_on = greatest(s.last_on, excluded.last_on),
                        first_at = least(s.first_at, excluded.first_at),
                        last_at = greatest(s.last_at, excluded.last_at),
                        paid_on = greatest(s.paid_on, excluded.paid_on),
                        pos_paid_on = greatest(s.pos_paid_on, excluded.pos_paid_on),
                        year_purchases = s.year_purchases + excluded.year_purchases,
                        year_minor = s.year_minor + excluded.year_minor,
                        touched_at = excluded.touched_at)"""  # noqa: S608 (our own fragments)

# A purchase of nothing has nothing to refund: there the refund itself says that it never happened.
_HAPPENED = """(p.refunded_minor < p.amount_minor
                OR p.amount_minor = 0 AND NOT EXISTS (SELECT FROM refunds r
                                                       WHERE r.tenant_id = p.tenant_id AND r.purchase_id = p.id))"""
# Only what differs is written: little does when a café moves to another zone.
_COUNT = f"""
    WITH {_CALENDAR},
    counted AS (SELECT id AS member_id FROM members WHERE erased_at IS NULL AND {{whose}}),
    day AS MATERIALIZED (
      SELECT p.member_id, (p.occurred_at AT TIME ZONE timezone)::date AS day, p.channel, count(*) AS purchases,
             sum(p.amount_minor - p.refunded_minor)::bigint AS net, min(p.occurred_at) AS first_at,
             max(p.occurred_at) AS last_at
        FROM calendar CROSS JOIN counted JOIN purchases p USING (member_id)
       WHERE {_HAPPENED}
       GROUP BY p.member_id, (p.occurred_at AT TIME ZONE timezone)::date, p.channel),
    gone AS (
      DELETE FROM purchase_days d USING counted
       WHERE d.member_id = counted.member_id
         AND NOT EXISTS (SELECT FROM day WHERE day.member_id = d.member_id AND day.day = d.day
                                           AND day.channel = d.channel)),
    there AS (
      INSERT INTO purchase_days AS d (member_id, day, channel, purchases, net_minor)
      SELECT member_id, day, channel, purchases, net FROM day
       WHERE NOT EXISTS (SELECT FROM purchase_days d WHERE d.member_id = day.member_id AND d.day = day.day
                            AND d.channel = day.channel AND (d.purchases, d.net_minor) = (day.purchases, day.net))
          ON CONFLICT (tenant_id, member_id, day, channel)
          DO UPDATE SET purchases = excluded.purchases, net_minor = excluded.net_minor),
    summed AS (
      SELECT member_id, coalesce(sum(purchases), 0) AS purchases,
             coalesce(sum(purchases) FILTER (WHERE channel = 'pos'), 0) AS pos_purchases,
             coalesce(sum(net), 0) AS net_minor, coalesce(sum(net) FILTER (WHERE channel = 'pos'), 0) AS pos_net_minor,
             min(day) AS first_on, max(day) AS last_on, min(first_at) AS first_at, max(last_at) AS last_at,
             max(day) FILTER (WHERE net > 0) AS paid_on,
             max(day) FILTER (WHERE net > 0 AND channel = 'pos') AS pos_paid_on,
             coalesce(sum(purchases) FILTER (WHERE day >= year_begins), 0) AS year_purchases,
             coalesce(sum(net) FILTER (WHERE day >= year_begins), 0) AS year_minor
        FROM calendar CROSS JOIN counted LEFT JOIN day USING (member_id) GROUP BY member_id)
    INSERT INTO member_summaries AS s (member_id, purchases, pos_purchases, net_minor, pos_net_minor, first_on, last_on,
           first_at, last_at, paid_on, pos_paid_on, year_purchases, year_minor, touched_at)
    SELECT summed.*, CAST(:touched_at AS timestamptz) FROM summed LEFT JOIN member_summaries k USING (member_id)
     WHERE CAST(:touched_at AS timestamptz) IS NOT NULL OR k.member_id IS NULL
        OR (k.purchases, k.pos_purchases, k.net_minor, k.pos_net_minor, k.first_at, k.last_at, k.paid_on, k.pos_paid_on,
            k.first_on, k.last_on, k.year_purchases, k.year_minor)
           IS DISTINCT FROM
           (summed.purchases, summed.pos_purchases, summed.net_minor, summed.pos_net_minor, summed.first_at,
            summed.last_at, summed.paid_on, summed.pos_paid_on, summed.first_on, summed.last_on,
            summed.year_purchases, summed.year_minor)
        ON CONFLICT (tenant_id, member_id)
        DO UPDATE SET purchases = excluded.purchases, pos_purchases = excluded.pos_purchases,
                      net_minor = excluded.net_minor, pos_net_minor = excluded.pos_net_minor,
                      first_on = excluded.first_on, last_on = excluded.last_on,
                      first_at = excluded.first_at, last_at = excluded.last_at,
                      paid_on = excluded.paid_on, pos_paid_on = excluded.pos_paid_on,
                      year_purchases = excluded.year_purchases, year_minor = excluded.year_minor,
                      touched_at = coalesce(excluded.touched_at, s.touched_at)"""  # noqa: S608 (our own fragments)
_COUNT_THEM = text(_COUNT.format(whose="id = ANY(CAST(:member_ids AS bigint[]))"))
_COUNT_ALL = text(_COUNT.format(whose="true"))
_NO_LOOPS, _LOOPS_AGAIN = text("SET LOCAL enable_nestloop = off"), text("SET LOCAL enable_nestloop = on")
_STAND_AT = text("""
    INSERT INTO audience_days (day, timezone) VALUES (:day, :timezone)
        ON CONFLICT (tenant_id) DO UPDATE SET day = :day, timezone = :timezone, recomputed_at = NULL""")
_LEAVE_YEAR = text("""
    WITH leaving AS (
      SELECT member_id, sum(purchases) AS purchases, sum(net_minor) AS net FROM purchase_days
       WHERE day >= CAST(:before AS date) - 365 AND day < CAST(:day AS date) - 365 GROUP BY member_id)
    UPDATE member_summaries s
       SET year_purchases = s.year_purchases - leaving.purchases, year_minor = s.year_minor - leaving.net
      FROM leaving WHERE s.member_id = leaving.member_id""")
_TOUCH = text(f"""
    INSERT INTO member_summaries (member_id, touched_at)
    SELECT id, :now FROM members
     WHERE {HOLD} AND erased_at IS NULL AND id = ANY(CAST(:member_ids AS bigint[])) ORDER BY id
        ON CONFLICT (tenant_id, member_id) DO UPDATE SET touched_at = excluded.touched_at""")  # noqa: S608
_TOUCHED = text("""
    SELECT member_id, xmin::text::bigint AS version FROM member_summaries
     WHERE touched_at IS NOT NULL ORDER BY touched_at LIMIT :most""")
# Rows that somebody holds or changed meanwhile stay touched: they are looked at once more.
_LOOKED_AT = text("""
    WITH same AS (
      SELECT s.member_id FROM member_summaries s
        JOIN unnest(CAST(:member_ids AS bigint[]), CAST(:versions AS bigint[])) AS seen (member_id, version)
          ON s.member_id = seen.member_id
       WHERE s.xmin::text::bigint = seen.version FOR UPDATE OF s SKIP LOCKED)
    UPDATE member_summaries s SET touched_at = NULL FROM same WHERE s.member_id = same.member_id""")
_FORGET = (
    text("DELETE FROM purchase_days WHERE member_id = ANY(CAST(:member_ids AS bigint[]))"),
    text("DELETE FROM member_summaries WHERE member_id = ANY(CAST(:member_ids AS bigint[]))"),
)


def touch(session: Session, member_ids: Sequence[int], *, now: datetime) -> None:
    """Something about these members changed: segments and tags look at them again within a minute."""
    session.execute(_TOUCH, {"member_ids": list(member_ids), "now": now})


def touched(session: Session, *, most: int) -> dict[int, int]:
    """Members that were touched, the longest waiting first, each with the version of what was seen of them."""
    return dict(session.execute(_TOUCHED, {"most": most}).all())


def looked_at(session: Session, seen: Mapping[int, int]) -> None:
    """These members were looked at as they stood when `touched` told of them; who changed since stays touched."""
    session.execute(_LOOKED_AT, {"member_ids": list(seen), "versions": list(seen.values())})


def recount(session: Session, member_ids: Sequence[int], *, now: datetime) -> None:
    """Count these members anew from their purchases, and touch them. Hold them, as every posting does."""
    session.execute(_COUNT_THEM, {"member_ids": list(member_ids), "now": now, "touched_at": now})


def forget(session: Session, member_ids: Sequence[int]) -> None:
    """These members are gone: nothing counts them any more."""
    for statement in _FORGET:
        session.execute(statement, {"member_ids": list(member_ids)})


def rebuild(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Count all members of the café anew from its purchases, by the days of its zone. Tills wait meanwhile."""
    session.execute(_HOLD_ALONE)
    session.execute(_STAND_AT, {"day": local_date(tenant, now), "timezone": tenant.timezone})
    # Tables that were filled a moment ago have no statistics yet: loops in loops would take hours.
    session.execute(_NO_LOOPS)
    session.execute(_COUNT_ALL, {"now": now, "touched_at": None})
    session.execute(_LOOPS_AGAIN)


def bring_to_today(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Let the summaries stand at the café's today: days that are over leave the year.

    Counts everything anew when that was never done, when the café moved to another zone, or when the clock went back.
    """
    today = local_date(tenant, now)
    session.execute(_HOLD_ALONE)  # from here on nobody else moves them
    stood = _stood(session, tenant)
    if stood is None or stood.timezone != tenant.timezone or stood.day > today:
        rebuild(session, tenant, now=now)
    elif stood.day < today:
        session.execute(_LEAVE_YEAR, {"before": stood.day, "day": today})
        session.execute(_STAND_AT, {"day": today, "timezone": tenant.timezone})


def local_date(tenant: Tenant, instant: datetime) -> date:
    """The date of an instant on the café's calendar."""
    return instant.astimezone(ZoneInfo(tenant.timezone)).date()


def _stood(session: Session, tenant: Tenant) -> AudienceDay | None:
    return session.get(AudienceDay, tenant.id, populate_existing=True)
