from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from domain.errors import Conflict, Unacceptable
from domain.loyalty import purchases
from domain.loyalty.sales import MemberRef, PointsPayment, Sale, SaleDiscount, SaleItem
from models.event import Event
from models.ledger import LedgerEntry, Lot
from models.purchase import Purchase, PurchaseItem


@pytest.fixture
def member(make):
    make.location(name="main")
    make.earning_rule()
    return make.member(external_id="nora", email="Nora@example.com", phone="+436601234567", card="4001")


@pytest.fixture
def sale(member, now):
    return lambda **values: Sale(
        **{
            "external_id": "r1",
            "member": MemberRef("external_id", "nora"),
            "amount_minor": 1250,
            "currency": "EUR",
            "occurred_at": now,
            "location": "main",
        }
        | values
    )


def test_a_purchase_earns_a_point_for_every_whole_unit(session, sale, now):
    posted = purchases.post(session, sale(), now=now)

    assert posted.is_new
    assert posted.answer == {
        "purchase": posted.purchase_id,
        "points": [{"currency": "points", "earned": 12, "activates_at": now.isoformat(), "expires_at": None}],
        "balances": [{"currency": "points", "available": 12, "pending": 0}],
        "unlocked": [],
    }


def test_items_and_discounts_are_kept(session, sale, now):
    items = (SaleItem("Melange", 450, Decimal("1.5"), sku="m1", category="hot drinks"), SaleItem("Torte", 800))
    posted = purchases.post(session, sale(items=items, discounts=(SaleDiscount("receipt", "ten", 125),)), now=now)

    kept = session.scalars(select(PurchaseItem).where(PurchaseItem.purchase_id == posted.purchase_id)).all()
    assert {(i.name, i.quantity, i.category) for i in kept} == {
        ("Melange", Decimal("1.5"), "hot drinks"),
        ("Torte", Decimal(1), None),
    }
    assert session.scalar(select(Purchase.discounts)) == [{"scope": "receipt", "name": "ten", "amount": "1.25"}]


def test_whatever_happened_is_an_event(session, make, sale, now):
    make.reward(threshold=10)
    purchases.post(session, sale(discounts=(SaleDiscount("item", "Melange", 50),)), now=now)

    assert set(session.scalars(select(Event.type))) == {
        "purchase.completed",
        "discount.calculated",
        "bonus.calculated",
        "points.credited",
        "reward.unlocked",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("external_id", "nora"), ("email", "nora@example.com"), ("phone", "+436601234567"), ("card", "4001")],
)
def test_the_member_is_found_by_any_of_their_names(session, sale, member, now, field, value):
    assert purchases.post(session, sale(member=MemberRef.of({field: value})), now=now).member_id == member.id


def test_a_purchase_of_nobody_earns_nothing(session, sale, now):
    posted = purchases.post(session, sale(member=None), now=now)

    assert posted.answer["points"] == posted.answer["balances"] == []
    assert session.scalar(select(func.count(LedgerEntry.id))) == 0


def test_told_again_it_gives_the_first_answer(session, make, sale, now):
    make.reward(threshold=10)
    first = purchases.post(session, sale(), now=now)
    again = purchases.post(session, sale(), now=now + timedelta(hours=1))

    assert not again.is_new
    assert again.answer == first.answer
    assert session.scalar(select(func.count(LedgerEntry.id))) == 1


def test_another_content_under_the_same_number_is_a_conflict(session, sale, now):
    purchases.post(session, sale(), now=now)

    with pytest.raises(Conflict):
        purchases.post(session, sale(amount_minor=1251), now=now)


def test_another_source_has_its_own_numbers(session, sale, now):
    purchases.post(session, sale(), now=now)

    assert purchases.post(session, sale(source="square"), now=now).is_new


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"member": MemberRef("external_id", "nobody")}, "member"),
        ({"location": "elsewhere"}, "location"),
        ({"location": 999}, "location"),
        ({"currency": "USD"}, "currency"),
        ({"amount_minor": -1}, "amount"),
        ({"channel": "fax"}, "channel"),
        ({"items": (SaleItem("Nothing", 0, Decimal(0)),)}, "items.0.quantity"),
        ({"discounts": (SaleDiscount("table", "ten", 1),)}, "discounts.0.scope"),
        ({"redeem": PointsPayment("stars", 1)}, "redeem.currency"),
        ({"redeem": PointsPayment("points", 0)}, "redeem.points"),
        ({"redeem": PointsPayment("points", 1), "member": None}, "redeem"),
    ],
)
def test_what_cannot_be_booked_is_refused_beside_its_field(session, sale, now, values, path):
    with pytest.raises(Unacceptable) as refused:
        purchases.post(session, sale(**values), now=now)

    assert [error.path for error in refused.value.errors] == [path]
    assert session.scalar(select(func.count(Purchase.id))) == 0


def test_a_clock_may_be_ten_minutes_ahead(session, sale, now):
    purchases.post(session, sale(occurred_at=now + timedelta(minutes=10)), now=now)

    with pytest.raises(Unacceptable):
        purchases.post(session, sale(external_id="r2", occurred_at=now + timedelta(minutes=10, seconds=1)), now=now)


def test_an_erased_member_is_unknown(session, sale, member, now):
    member.erased_at = now
    session.flush()

    with pytest.raises(Unacceptable):
        purchases.post(session, sale(), now=now)


def test_points_pay_from_the_oldest_lot_first(session, make, sale, member, now):
    young = make.points(member, 30, at=now - timedelta(days=1))
    old = make.points(member, 20, at=now - timedelta(days=9))

    posted = purchases.post(session, sale(amount_minor=0, redeem=PointsPayment("points", 25)), now=now)

    session.expire_all()
    assert (old.remaining, young.remaining) == (0, 25)
    assert posted.answer["balances"] == [{"currency": "points", "available": 25, "pending": 0}]


def test_more_points_than_there_are_cannot_pay(session, make, sale, member, now):
    make.points(member, 20)

    with pytest.raises(Conflict):
        purchases.post(session, sale(redeem=PointsPayment("points", 21)), now=now)


def test_points_that_wait_are_pending_and_unlock_nothing(session, make, sale, now):
    make.earning_rule(make.currency("stars"), points_per_unit=2, activates_after_days=2, lifetime_days=30)
    make.reward(currency=make.currency("stars"), threshold=5)

    posted = purchases.post(session, sale(), now=now)

    assert posted.unlocked == []
    assert posted.answer["balances"][1] == {"currency": "stars", "available": 0, "pending": 25}
    lot = session.scalar(select(Lot).where(~Lot.active))
    assert lot.activates_at.isoformat() == "2026-03-05T23:00:00+00:00"  # midnight in Vienna
    assert lot.expires_at.isoformat() == "2026-04-05T21:59:59+00:00"  # summer time by then


def test_the_lines_of_a_receipt_follow_it_to_another_member(session, make):
    nora, olga = make.member(), make.member()
    purchase = make.purchase(nora, items=[{"amount_minor": 450}])
    session.execute(update(Purchase).where(Purchase.id == purchase.id).values(member_id=olga.id))

    assert session.scalar(select(PurchaseItem.member_id)) == olga.id
