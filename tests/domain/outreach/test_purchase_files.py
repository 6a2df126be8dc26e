"""Purchases of a file: booked as the till's door books them, whatever the file looks like."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from domain import money
from domain.audience import defaults, freshness
from domain.audience.imports import records, remark_table
from domain.audience.imports.merging import Loading
from domain.loyalty import summaries
from domain.loyalty.sales import MemberRef, Sale, SaleItem
from domain.outreach import checkout, purchase_files, purchase_rows
from domain.outreach.purchase_files import PurchaseFile
from domain.outreach.purchase_rows import COLUMNS, Ground
from domain.sentences import say
from domain.tables import Line

VIENNA = Ground("EUR", "AT", ZoneInfo("Europe/Vienna"))
FOUND = purchase_rows.assign(COLUMNS, {})
# Of each guest the number without its first letter, which tells the door, and everything that a purchase moves.
WHAT_CAME = {
    "ledger": "SELECT g, l.kind, l.points, l.occurred_at, l.reason, c.code FROM ledger_entries l "
    "JOIN guests USING (member_id) JOIN currencies c ON c.id = l.currency_id",
    "lots": "SELECT g, l.points, l.remaining, l.active, l.activates_at, l.expires_at FROM lots l "
    "JOIN guests USING (member_id)",
    "balances": "SELECT g, b.available, b.pending FROM balances b JOIN guests USING (member_id)",
    "rewards": "SELECT g, e.number, e.state, e.unlocked_at, e.valid_until, substr(p.external_id, 2), r.name "
    "FROM reward_events e JOIN guests USING (member_id) JOIN rewards r ON r.id = e.reward_id "
    "JOIN purchases p ON p.id = e.purchase_id",
    "purchases": "SELECT g, substr(external_id, 2), source, amount_minor, currency, occurred_at, recorded_at, channel, "
    "location_id FROM purchases JOIN guests USING (member_id)",
    "items": "SELECT g, name, category, quantity, amount_minor, occurred_at FROM purchase_items "
    "JOIN guests USING (member_id)",
    "days": "SELECT g, day, channel, purchases, net_minor FROM purchase_days JOIN guests USING (member_id)",
    "summaries": "SELECT g, (to_jsonb(s) - 'member_id')::text FROM member_summaries s JOIN guests USING (member_id)",
    "tags": "SELECT g, t.name, w.applied_at, w.source FROM member_tags w JOIN guests USING (member_id) "
    "JOIN tags t ON t.id = w.tag_id",
    "events": "SELECT g, e.type, e.occurred_at, e.recorded_at, "
    "(e.properties - 'purchase' - 'reward_event' - 'code' - 'external_id' - 'because')::text FROM events e "
    "JOIN guests USING (member_id)",
    "answers": "SELECT g, (answer - 'purchase' - 'unlocked' - 'receipt_lines' - 'cashier_lines')::text FROM purchases "
    "JOIN guests USING (member_id)",
}


@pytest.fixture
def file(session, tenant, now):
    row = records.begin_here(session, records.PURCHASES, "receipts.csv", owner="us", now=now)
    return PurchaseFile(FOUND, VIENNA, Loading(row.id, "system", now, "Europe/Vienna"), keeps_cells=True)


def lines(*rows: dict[str, str] | None) -> list[tuple[int, Line]]:
    """Numbered lines of cells; None is one that can't be read."""
    broken = say("The quotes of this line don't match, so its cells can't be told apart.")
    found = []
    for number, row in enumerate(rows, start=1):
        cells = ["…"] if row is None else [row.get(name, "") for name in COLUMNS]
        found.append((number, Line(number + 1, cells, broken if row is None else None)))
    return found


def loaded(session, file, *rows) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Books these rows: the figures, and line and column of what was refused."""
    file.prepare(session)
    file.lay_down(session, lines(*rows))
    file.finish(session)
    figures, after = Counter(), 0
    while after < len(rows):
        came, after = file.merge(session, after=after)
        figures += came
    return figures, [(each.line, each.field) for each in remark_table.all_of(session)]


def row(external_id: str = "r1", **cells: str) -> dict[str, str]:
    return {"external_id": external_id, "amount": "4.50", "occurred_at": "2026-03-01T10:00:00+01:00"} | cells


def history(now: datetime, count: int = 120) -> list[dict]:
    """Purchases of four guests over a year and a half, some on one day, some with points that are over by now."""
    chance = Random(7)
    found = []
    for number in range(count):
        items = [
            SaleItem(
                name=chance.choice(("Melange", "Torte")),
                amount_minor=chance.randint(0, 900),
                quantity=Decimal(chance.randint(1, 3)),
                category=chance.choice(("coffee", "cake", None)),
            )
            for _ in range(chance.randint(0, 3))
        ]
        found.append(
            {
                "external_id": str(number),
                "guest": chance.randint(0, 3),
                "amount_minor": sum(each.amount_minor for each in items) or chance.randint(0, 4000),
                "occurred_at": now - timedelta(minutes=chance.choice((30, 1440, 60_000, chance.randint(0, 800_000)))),
                "channel": chance.choice(("pos", "online")),
                "location": chance.choice(("main", None)),
                "items": tuple(items),
            }
        )
    return found


def by_the_till(session, purchase: dict, now: datetime) -> None:
    values = {name: purchase[name] for name in ("amount_minor", "occurred_at", "channel", "location", "items")}
    member = MemberRef("external_id", f"a{purchase['guest']}")
    sale = Sale(external_id=f"a{purchase['external_id']}", member=member, currency="EUR", **values)
    checkout.ring_up(session, sale, now=now)


def as_rows(purchase: dict) -> list[dict[str, str]]:
    common = {
        "external_id": f"b{purchase['external_id']}",
        "member_external_id": f"b{purchase['guest']}",
        "amount": money.to_major(purchase["amount_minor"], "EUR"),
        "occurred_at": purchase["occurred_at"].isoformat(),
        "channel": purchase["channel"],
        "location": purchase["location"] or "",
    }
    told = [
        {
            "item_name": item.name,
            "item_category": item.category or "",
            "quantity": str(item.quantity),
            "item_amount": money.to_major(item.amount_minor, "EUR"),
        }
        for item in purchase["items"]
    ]
    return [common | each for each in told] or [common]


def what_came(session, door: str) -> dict[str, list]:
    """Everything that purchases moved for the guests of one door."""
    guests = (
        "WITH guests AS (SELECT id AS member_id, substr(external_id, 2) AS g FROM members WHERE external_id ~ :mine) "
    )
    found = {}
    for name, question in WHAT_CAME.items():
        rows = session.execute(text(guests + question), {"mine": f"^{door}[0-9]"}).all()
        found[name] = sorted(tuple(map(str, each)) for each in rows)
    return found


def test_a_file_moves_what_the_till_would_have_moved(session, make, tenant, file, now):
    defaults.open_cafe(session, tenant, now=now)
    make.earning_rule(lifetime_days=200)
    make.earning_rule(points_per_unit=None, per_item={"category": "coffee", "points": 3}, activates_after_days=1)
    make.earning_rule(multiplier=2, condition={"fact": "purchase.weekday", "op": "eq", "value": "monday"})
    make.reward(threshold=60, cost=60, name="Small", repeatable=True)
    make.reward(threshold=200, cost=200, name="Large", repeatable=False)
    for number in range(4):
        make.member(external_id=f"a{number}")
        make.member(external_id=f"b{number}")
    summaries.bring_to_today(session, tenant, now=now)
    told = history(now)

    for purchase in told:
        by_the_till(session, purchase, now)
    figures, refused = loaded(session, file, *(each for purchase in told for each in as_rows(purchase)))
    freshness.look_at_touched(session, tenant, now=now, most=100)

    assert (figures["created"], refused) == (len(told), [])
    by_file, by_till = what_came(session, "b"), what_came(session, "a")
    for name in WHAT_CAME:
        assert by_file[name] == by_till[name], name
    assert by_till["rewards"] and by_till["tags"] and by_till["lots"]


def test_a_rehearsal_says_the_same_and_books_nothing(session, make, file, now):
    make.earning_rule()
    make.member(card="7")
    rows = [
        row("r1", member_card="7"),
        row("r2", member_card="9"),
        row("r1", member_card="7"),
        row("r3", member_card="7"),
        row("r1", member_card="7", amount="9.00"),
        None,
    ]
    file.prepare(session)
    file.lay_down(session, lines(*rows))
    file.finish(session)

    rehearsed, _ = file.rehearse(session, after=0, total=len(rows))
    told = [tuple(each) for each in remark_table.all_of(session)]
    assert session.scalar(text("SELECT count(*) FROM purchases")) == 0

    assert loaded(session, file, *rows)[0] == rehearsed == {"created": 2, "unchanged": 1, "refused": 3}
    assert [tuple(each) for each in remark_table.all_of(session)] == told


def test_a_purchase_is_not_torn_by_a_line_that_cannot_be_read(session, file):
    item = {"item_name": "Torte", "item_amount": "2.00"}

    figures, refused = loaded(session, file, row("r1", **item), None, row("r1", **item), row("r2"), None)

    assert figures == {"created": 1, "refused": 3}
    assert refused == [(2, ""), (3, ""), (6, "")]


def test_a_purchase_is_whole_also_where_a_slice_ends(session, file, monkeypatch):
    monkeypatch.setattr(purchase_files, "SLICE", 2)
    items = [row(f"r{number}", item_name="Torte", item_amount="1.00") for number in range(5) for _ in range(3)]

    assert loaded(session, file, *items)[0] == {"created": 5}
    assert session.scalar(text("SELECT count(*) FROM purchase_items")) == 15


def test_refused_rows_are_kept_as_they_stood(session, file):
    loaded(session, file, row("r1", amount="much"))

    [shown] = session.scalars(text("SELECT cells FROM incoming_remarks"))
    assert shown[COLUMNS.index("amount")] == "much"


def test_who_is_named_by_a_card_of_a_merged_guest_is_held_and_found(session, make, file):
    member = make.member(external_id="kept")
    session.execute(
        text("INSERT INTO member_aliases (kind, value, member_id) VALUES ('card', 'old', :id)"), {"id": member.id}
    )

    figures, _ = loaded(session, file, row(member_card="old"))

    assert figures == {"created": 1}
    assert session.scalar(text("SELECT member_id FROM purchases")) == member.id
