"""Cafés with their guests and all they bought, any number of them in seconds: written by the superuser, past the doors
and triggers, with their indexes built afterwards.

Guests come and stay away as guests do: most buy about ten times in two years, a third comes no more. Rows stand in the
order of time, as tills write them. The same numbers come out each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from tests.databases import Database

VISITS = 10  # of a guest, on average
TABLES = ("members", "purchases", "purchase_items", "refunds", "member_summaries", "purchase_days")

_CAFES = """
    INSERT INTO tenants (slug, name, timezone, country, currency, locale)
    SELECT 'cafe-' || CAST(%(members)s AS int) || '-' || n, 'Café ' || n, 'Europe/Vienna', 'AT', 'EUR', 'de'
      FROM generate_series(1, %(cafes)s) AS n
    RETURNING id"""
_MEMBERS = """
    INSERT INTO members (tenant_id, external_id, first_name, last_name, email, birthday, joined_on, locale, country)
    SELECT tenant_id, 'm-' || n, (ARRAY['Nora', 'Zsófia', 'Emil', 'Ayşe', 'Theo'])[1 + n %% 5], 'Novak ' || n,
           'nora' || n || '@example.com', date '1950-01-01' + (random() * 20000)::int,
           current_date - (1 + (random() * 730)::int), (ARRAY['de-AT', 'en', 'de'])[1 + n %% 3],
           (ARRAY['AT', 'AT', 'DE'])[1 + n %% 3]
      FROM unnest(CAST(%(tenants)s AS bigint[])) AS tenant_id CROSS JOIN generate_series(1, %(members)s) AS n"""
# A third came for a part of the time only.
_PURCHASES = """
    INSERT INTO purchases (tenant_id, source, external_id, content_hash, member_id, amount_minor, refunded_minor,
                           currency, occurred_at, channel, payment_method)
    SELECT tenant_id, 'api', 'p-' || lpad(row_number() OVER (ORDER BY at)::text, 9, '0'), '', member_id, amount,
           CASE WHEN chance < 0.01 THEN amount WHEN chance < 0.02 THEN amount / 2 ELSE 0 END, 'EUR', at,
           CASE WHEN chance < 0.85 THEN 'pos' ELSE 'online' END, CASE WHEN chance < 0.5 THEN 'card' ELSE 'cash' END
      FROM (SELECT tenant_id, id AS member_id, 250 + (random() * 2200)::bigint AS amount, random() AS chance,
                   now() - (stayed_away + (known - stayed_away) * random()) * interval '1 day' AS at
              FROM (SELECT tenant_id, id, current_date - joined_on AS known, 1 + (random() ^ 2 * 27)::int AS visits,
                           CASE WHEN id %% 3 = 0 THEN (current_date - joined_on) * random() ELSE 0 END AS stayed_away
                      FROM members WHERE tenant_id = ANY(%(tenants)s)) AS guest
             CROSS JOIN LATERAL generate_series(1, visits)) AS bought
     ORDER BY at"""
_ITEMS = """
    INSERT INTO purchase_items (tenant_id, purchase_id, member_id, occurred_at, sku, name, category, quantity,
                                amount_minor, given_back)
    SELECT tenant_id, id, member_id, occurred_at, 'sku-' || product,
           (ARRAY['Cappuccino', 'Melange', 'Espresso', 'Croissant', 'Latte'])[1 + product %% 5]
           || CASE WHEN product < 5 THEN '' ELSE ' ' || product END,
           (ARRAY['hot drinks', 'hot drinks', 'hot drinks', 'bakery', 'cold drinks', 'cakes', 'snacks', 'beans'])
           [1 + product %% 8], 1 + (random() ^ 3 * 2)::int, amount_minor / lines,
           refunded_minor = amount_minor
      FROM (SELECT p.*, (random() ^ 2 * 40)::int AS product
              FROM (SELECT *, 1 + (random() < 0.25)::int AS lines FROM purchases WHERE tenant_id = ANY(%(tenants)s)) p
             CROSS JOIN LATERAL generate_series(1, lines) AS n) AS line
     ORDER BY id"""
_REFUNDS = """
    INSERT INTO refunds (tenant_id, source, external_id, content_hash, purchase_id, amount_minor, occurred_at)
    SELECT tenant_id, source, external_id, '', id, refunded_minor, occurred_at
      FROM purchases WHERE tenant_id = ANY(%(tenants)s) AND refunded_minor > 0"""
_DAYS = """
    INSERT INTO purchase_days (tenant_id, member_id, day, channel, purchases, net_minor)
    SELECT tenant_id, member_id, (occurred_at AT TIME ZONE 'Europe/Vienna')::date AS day, channel, count(*),
           sum(amount_minor - refunded_minor)
      FROM purchases WHERE tenant_id = ANY(%(tenants)s) AND refunded_minor < amount_minor
     GROUP BY 1, 2, 3, 4 ORDER BY 3, 2"""
_SUMMARIES = """
    INSERT INTO member_summaries (tenant_id, member_id, purchases, pos_purchases, net_minor, pos_net_minor, first_on,
                                  last_on, first_at, last_at, paid_on, pos_paid_on, year_purchases, year_minor)
    SELECT tenant_id, member_id, sum(purchases), coalesce(sum(purchases) FILTER (WHERE channel = 'pos'), 0),
           sum(net_minor), coalesce(sum(net_minor) FILTER (WHERE channel = 'pos'), 0), min(day), max(day),
           min(day), max(day), max(day), max(day) FILTER (WHERE channel = 'pos'),
           coalesce(sum(purchases) FILTER (WHERE day >= CAST(%(today)s AS date) - 365), 0),
           coalesce(sum(net_minor) FILTER (WHERE day >= CAST(%(today)s AS date) - 365), 0)
      FROM purchase_days WHERE tenant_id = ANY(%(tenants)s) GROUP BY tenant_id, member_id"""
_STAND = """
    INSERT INTO audience_days (tenant_id, day, timezone)
    SELECT id, %(today)s, timezone FROM tenants WHERE id = ANY(%(tenants)s)"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = ANY(CAST(%(tables)s AS regclass[]))
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many cafés with so many guests each."""

    cafes: int
    members: int


def fill(database: Database, crowds: Sequence[Crowd], *, today: date) -> list[list[int]]:
    """Fill a database; the ids of the cafés of each crowd. Their summaries stand at `today`, nobody is in a segment."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; SET work_mem = '256MB'; SELECT setseed(0.5)")
        connection.execute("SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
        indexes = connection.execute(_INDEXES, {"tables": list(TABLES)}).fetchall()
        for name, _definition in indexes:
            connection.execute(f"DROP INDEX {name}")
        cafes = [_open(connection, each, today) for each in crowds]
        for _name, definition in indexes:
            connection.execute(definition)
    settle(database)
    return cafes


def settle(database: Database) -> None:
    """What the database does by itself after a while: it knows its tables, and which of their pages are all visible."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _open(connection: psycopg.Connection, crowd: Crowd, today: date) -> list[int]:
    numbers = {"cafes": crowd.cafes, "members": crowd.members, "today": today}
    tenants = [row[0] for row in connection.execute(_CAFES, numbers)]
    for statement in (_MEMBERS, _PURCHASES, _ITEMS, _REFUNDS, _DAYS, _SUMMARIES, _STAND):
        connection.execute(statement, numbers | {"tenants": tenants})
    return tenants
