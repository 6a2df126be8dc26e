from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.errors import FieldError, Unacceptable
from domain.loyalty.sales import MemberRef
from domain.outreach import purchase_rows
from domain.outreach.purchase_rows import Ground, Row, RowsRefused

VIENNA = Ground(currency="EUR", country="AT", zone=ZoneInfo("Europe/Vienna"))
GOOD = {"external_id": "r1", "amount": "4.50", "occurred_at": "2026-03-04T14:05:00+01:00"}


def row(line: int = 2, **cells: str) -> Row:
    return Row(line, GOOD | cells)


def refused(*rows: Row, ground: Ground = VIENNA) -> list[tuple[int, str]]:
    with pytest.raises(RowsRefused) as caught:
        purchase_rows.sale(rows, ground)
    return [(each.line, each.column) for each in caught.value.refused]


def test_a_bare_row_is_a_purchase_without_items_in_the_cafes_money():
    sale = purchase_rows.sale([row()], VIENNA)

    assert (sale.amount_minor, sale.currency, sale.channel, sale.items) == (450, "EUR", "pos", ())
    assert sale.occurred_at == datetime(2026, 3, 4, 13, 5, tzinfo=UTC)


def test_each_row_is_an_item():
    first = row(2, amount="9.00", item_name="Melange", quantity="2", item_amount="4.50", item_category="coffee")
    second = Row(3, {"external_id": "r1", "item_name": "Torte", "item_amount": "4.50"})

    items = purchase_rows.sale([first, second], VIENNA).items

    assert [(each.name, each.quantity, each.amount_minor, each.category) for each in items] == [
        ("Melange", Decimal(2), 450, "coffee"),
        ("Torte", Decimal(1), 450, None),
    ]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("member_external_id", "M-1", MemberRef("external_id", "M-1")),
        ("member_email", "Nora@Example.com", MemberRef("email", "nora@example.com")),
        ("member_phone", "0664 1234567", MemberRef("phone", "+436641234567")),
        ("member_card", "0042", MemberRef("card", "0042")),
    ],
)
def test_a_member_is_named_in_four_ways(column, value, expected):
    assert purchase_rows.sale([row(**{column: value})], VIENNA).member == expected


@pytest.mark.parametrize(("typed", "minor"), [("4,50", 450), ("4,5", 450), ("4", 400), ("1234.5", 123450)])
def test_an_amount_may_have_a_decimal_comma(typed, minor):
    assert purchase_rows.sale([row(amount=typed)], VIENNA).amount_minor == minor


@pytest.mark.parametrize("typed", ["", "abc", "1,234", "1.234", "1e3", "4.50 €", "NaN", "٤"])
def test_an_amount_that_could_mean_two_things_or_nothing_is_refused(typed):
    assert refused(row(amount=typed)) == [(2, "amount")]


@pytest.mark.parametrize(
    ("typed", "dates", "expected"),
    [
        ("2026-03-04 14:05", None, "2026-03-04T13:05:00"),
        ("2026-03-04T14:05:30", None, "2026-03-04T13:05:30"),
        ("2026-03-04", None, "2026-03-03T23:00:00"),
        ("2026-03-04T13:05:00Z", None, "2026-03-04T13:05:00"),
        ("04.03.2026 14:05", "dmy", "2026-03-04T13:05:00"),
        ("3/4/2026 14:05", "mdy", "2026-03-04T13:05:00"),
        ("2026-03-29 02:30", None, "2026-03-29T01:30:00"),  # skipped that night: read with the offset before
        ("2026-10-25 02:30", None, "2026-10-25T00:30:00"),  # comes twice that night: the first
    ],
)
def test_a_time_is_an_instant_or_the_cafes_local_time(typed, dates, expected):
    ground = Ground("EUR", "AT", ZoneInfo("Europe/Vienna"), dates)

    occurred_at = purchase_rows.sale([row(occurred_at=typed)], ground).occurred_at

    assert occurred_at.astimezone(UTC).replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize("typed", ["", "04.03.2026", "2026-02-30", "2026-03-04 25:00", "yesterday", "2026-13-04"])
def test_a_time_that_cannot_be_told_is_refused(typed):
    assert refused(row(occurred_at=typed)) == [(2, "occurred_at")]


def test_everything_wrong_with_a_purchase_is_told_at_once():
    first = row(2, amount="x", member_phone="12", item_name="Melange", item_amount="y")
    second = Row(3, {"external_id": "r1", "quantity": "many"})

    assert sorted(refused(first, second)) == [
        (2, "amount"),
        (2, "item_amount"),
        (2, "member_phone"),
        (3, "item_amount"),
        (3, "item_name"),
        (3, "quantity"),
    ]


def test_a_member_named_twice_is_refused():
    assert refused(row(member_card="1", member_email="n@example.com")) == [(2, "member_card")]


def test_later_rows_may_repeat_what_the_first_said_but_not_contradict_it():
    items = {"item_name": "Melange", "item_amount": "4.50"}

    assert purchase_rows.sale([row(2, **items), row(3, **items)], VIENNA).amount_minor == 450
    assert refused(row(2, **items), row(3, **items, amount="5.00")) == [(3, "amount")]


def test_unprintable_and_endless_cells_are_refused():
    assert sorted(refused(row(location="a\x07b", channel="p" * 256))) == [(2, "channel"), (2, "location")]


def test_what_the_rules_refuse_is_told_in_lines_and_columns():
    refusal = Unacceptable(
        "No.",
        [FieldError("items.1.amount", "Too much."), FieldError("member", "Unknown."), FieldError("currency", "EUR.")],
    )

    told = purchase_rows.refused_by_rule([row(2, member_card="1"), row(3)], refusal)

    assert [(each.line, each.column, str(each.reason)) for each in told] == [
        (3, "item_amount", "Too much."),
        (2, "member_card", "Unknown."),
        (2, "currency", "EUR."),
    ]
