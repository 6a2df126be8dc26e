"""A café that has been open for a while: its terms, and what its members bought and earned so far."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import unlocks
from domain.loyalty import earning_rules, summaries
from domain.loyalty.earning_rules import RuleDraft
from models.currency import Currency
from models.location import Location
from models.tenancy import current_tenant_id
from models.tenant import Tenant

STARS, HOT = "stars", "hot drinks"
LOCATIONS = ("main", "Museum Quarter")
VISITS = 20  # of each member, the last one yesterday
IN_HAND = 12  # a member has up to so many unspent lots of points

_BUY = text("""
    WITH bought AS (
      INSERT INTO purchases (source, external_id, content_hash, member_id, location_id, amount_minor, currency,
                             occurred_at, recorded_at, channel, payment_method)
      SELECT 'api', 'old-' || m.id || '-' || n, '', m.id, l.id, 300 + (m.id * 37 + n * 211) % 1500, 'EUR',
             CAST(:now AS timestamptz) - n * interval '3 days', :now, 'pos', 'card'
        FROM members m CROSS JOIN generate_series(1, :visits) AS n
        JOIN LATERAL (SELECT id FROM locations ORDER BY id LIMIT 1) AS l ON true
       WHERE m.id <= :known ORDER BY n DESC, m.id
      RETURNING id, member_id, amount_minor, occurred_at),
    item AS (
      INSERT INTO purchase_items (purchase_id, member_id, occurred_at, sku, name, category, quantity, amount_minor)
      SELECT id, member_id, occurred_at, 'hot-melange', 'Melange', :hot, 1, amount_minor FROM bought),
    event AS (
      INSERT INTO events (type, member_id, occurred_at, properties)
      SELECT 'purchase.completed', member_id, occurred_at, jsonb_build_object('purchase', id) FROM bought)
    INSERT INTO ledger_entries (member_id, currency_id, points, kind, cause, purchase_id, occurred_at)
    SELECT member_id, c.id, amount_minor / 100, 'earned', 'purchase:' || bought.id, bought.id, occurred_at
      FROM bought JOIN currencies c ON c.code = 'points'""")
_SAVE_UP = (
    text("""
    INSERT INTO lots (entry_id, member_id, currency_id, points, remaining, activates_at, active)
    SELECT id, member_id, currency_id, points, CASE WHEN newest <= member_id % :in_hand THEN points ELSE 0 END,
           occurred_at, true
      FROM (SELECT e.*, row_number() OVER (PARTITION BY member_id ORDER BY id DESC) AS newest FROM ledger_entries e)
           AS entry"""),
    text("""
    INSERT INTO balances (member_id, currency_id, available)
    SELECT member_id, currency_id, sum(remaining) FROM lots GROUP BY member_id, currency_id"""),
)


def set_terms(session: Session, *, now: datetime) -> None:
    """Two locations, two currencies, three earning rules, two rewards that speak by mail and text."""
    session.add_all([Location(name=LOCATIONS[1]), Currency(code=STARS, name=STARS)])
    session.flush()
    monday = {"fact": "purchase.weekday", "op": "eq", "value": "monday"}
    for draft in (
        RuleDraft(name="A star for every hot drink", currency=STARS, per_item={"category": HOT, "points": 1}),
        RuleDraft(name="Double points on Mondays", currency="points", multiplier=Decimal(2), where={"all": [monday]}),
    ):
        earning_rules.create(session, draft, now=now)
    unlocks.offer(session, ["email", "sms"], name="Free cappuccino")
    unlocks.offer(session, ["email"], name="Eleventh coffee", currency=STARS, threshold=10)


def write(session: Session, *, known: int, now: datetime) -> None:
    """The first `known` members have a history: purchases, points, some of them spent already."""
    session.execute(_BUY, {"now": now, "visits": VISITS, "known": known, "hot": HOT})
    for statement in _SAVE_UP:
        session.execute(statement, {"in_hand": IN_HAND})
    summaries.rebuild(session, session.get_one(Tenant, current_tenant_id.get()), now=now)
