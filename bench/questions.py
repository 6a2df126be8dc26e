"""Five questions about windows and products, as an owner asks them and as somebody who knows SQL would write them by
hand; and the three presets as DuckDB answers them from all purchases in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from tests.databases import Database


@dataclass(frozen=True, slots=True)
class Question:
    """A condition tree, and SQL with `:since_N` for the day N days ago, at which the local day begins."""

    tree: Mapping[str, Any]
    by_hand: str


def _asks(fact: str, value: Any, days: int, **where: str) -> dict[str, Any]:
    leaf = {"fact": f"purchases.{fact}", "op": "gte", "value": value, "window_days": days}
    return leaf | ({"where": where} if where else {})


_BOUGHT = """
    SELECT member_id FROM purchase_items
     WHERE {what} AND NOT given_back AND occurred_at >= :since_{days} AND member_id IS NOT NULL"""

# A few in a thousand: who bought a special lately, and cakes with it, but did not come this week.
FEW = Question(
    {
        "all": [
            _asks("count", 2, 30),
            _asks("sum", "30.00", 90),
            _asks("count", 1, 30, product="Espresso 27"),
            _asks("items", 1, 60, category="cakes"),
            {"not": _asks("count", 1, 7)},
        ]
    },
    f"""
    WITH special AS ({_BOUGHT.format(what="name_key = 'espresso 27'", days=30)}),
    fond AS (
      {_BOUGHT.format(what="category_key = 'cakes'", days=60)} AND member_id IN (SELECT member_id FROM special)
       GROUP BY member_id)
    SELECT count(*) FROM (
      SELECT member_id FROM purchase_days
       WHERE day >= :day_90 AND member_id IN (SELECT member_id FROM fond) GROUP BY member_id
      HAVING coalesce(whole_sum(purchases) FILTER (WHERE day >= :day_30), 0) >= 2 AND whole_sum(net_minor) >= 3000
         AND coalesce(whole_sum(purchases) FILTER (WHERE day >= :day_7), 0) = 0) AS found""",
)
# Four in a hundred: regulars at the till who like coffee and cakes and stayed away for two weeks.
MANY = Question(
    {
        "all": [
            _asks("count", 3, 90),
            _asks("sum", "50.00", 180, channel="pos"),
            _asks("count", 1, 60, product="Cappuccino"),
            _asks("items", 2, 365, category="cakes"),
            {"not": _asks("count", 1, 14, category="hot drinks")},
        ]
    },
    f"""
    WITH coffee AS (
      {_BOUGHT.format(what="name_key = 'cappuccino'", days=60)}
      EXCEPT {_BOUGHT.format(what="category_key = 'hot drinks'", days=14)}),
    fond AS (
      {_BOUGHT.format(what="category_key = 'cakes'", days=365)} AND member_id IN (SELECT member_id FROM coffee)
       GROUP BY member_id HAVING sum(quantity) >= 2)
    SELECT count(*) FROM (
      SELECT member_id FROM purchase_days
       WHERE day >= :day_180 AND member_id IN (SELECT member_id FROM fond) GROUP BY member_id
      HAVING whole_sum(purchases) FILTER (WHERE day >= :day_90) >= 3
         AND whole_sum(net_minor) FILTER (WHERE channel = 'pos') >= 5000) AS found""",
)

_PURCHASES = """
    COPY (SELECT member_id, (occurred_at AT TIME ZONE 'Europe/Vienna')::date AS day,
                 amount_minor - refunded_minor AS net
            FROM purchases WHERE tenant_id = {tenant_id} AND refunded_minor < amount_minor) TO STDOUT (FORMAT csv)"""
_PRESETS = """
    WITH guest AS (
      SELECT member_id, count(*) AS purchases, min(day) AS first_on, max(day) AS last_on,
             count(*) FILTER (WHERE day >= $today::date - 365) AS recent,
             sum(net) FILTER (WHERE day >= $today::date - 365) AS spent
        FROM purchases GROUP BY member_id),
    spending AS (SELECT spent FROM guest WHERE recent >= 2 AND spent > 0),
    border AS (SELECT spent FROM spending ORDER BY spent DESC
               LIMIT 1 OFFSET (SELECT greatest(ceil(count(*) * 0.1)::bigint - 1, 0) FROM spending))
    SELECT count(*) FILTER (WHERE purchases = 1 AND first_on >= $today::date - 30),
           count(*) FILTER (WHERE recent >= 2 AND spent >= (SELECT spent FROM border)),
           count(*) FILTER (WHERE last_on < $today::date - 90)
      FROM guest"""


def moments(today: date, begins: Mapping[int, Any]) -> dict[str, Any]:
    """The parameters of SQL by hand: `day_N`, and `since_N` as `begins` tells them."""
    days = {f"day_{each}": today - timedelta(days=each) for each in begins}
    return days | {f"since_{each}": instant for each, instant in begins.items()}


def in_memory(database: Database, tenant_id: int, folder: Path) -> duckdb.DuckDBPyConnection:
    """All purchases of a café that happened, in DuckDB's memory."""
    path = folder / "purchases.csv"
    with (
        psycopg.connect(database.admin_url) as connection,
        connection.cursor().copy(_PURCHASES.format(tenant_id=tenant_id)) as copied,
        path.open("wb") as file,
    ):
        file.writelines(copied)
    memory = duckdb.connect(":memory:")
    memory.execute(
        "CREATE TABLE purchases AS SELECT * FROM read_csv($path, header = false, "
        "columns = {'member_id': 'BIGINT', 'day': 'DATE', 'net': 'BIGINT'})",
        {"path": str(path)},
    )
    path.unlink()
    return memory


def presets_in_memory(memory: duckdb.DuckDBPyConnection, *, today: date) -> tuple[int, int, int]:
    """How many are in New, Top and Defecting."""
    new, top, defecting = memory.execute(_PRESETS, {"today": today.isoformat()}).fetchall()[0]
    return new, top, defecting
