import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.audience import erasure
from models.connector import ConnectorAccount
from models.ledger import Balance
from models.member import Member
from models.message import Message
from models.reward import RewardEvent
from tasks import sync
from tests.played.http import Fault, json_answer


@pytest.fixture
def guest(make_here, shop, till):
    """A member with a customer profile at the till, who is to hear about rewards by e-mail."""
    member = make_here.member(consents=["email"], phone="+436641234567")
    make_here.gateway("email")
    make_here.reward(channels=["email"])
    shop.commit()
    member.customer = till.square.enrol(phone_number="0664 1234567")
    return member


@pytest.fixture
def points(shop):
    def points():
        shop.rollback()
        return list(shop.scalars(select(Balance.available)))

    return points


@pytest.fixture
def later():
    """A moment when everything that was put off once or twice is due again."""
    return lambda **ahead: clock.now() + timedelta(**ahead)


def test_an_order_at_the_till_unlocks_a_reward_and_plans_its_message(till, guest, purchases, rows):
    order = till.square.ring_up(customer=guest.customer)

    till.tell()
    till.work()

    (purchase,) = purchases()
    assert (purchase.source, purchase.external_id, purchase.amount_minor) == ("square", order["id"], 1150)
    assert purchase.member_id == guest.id
    assert len(rows(RewardEvent)) == 1
    assert [(message.channel, message.state) for message in rows(Message)] == [("email", "planned")]


def test_the_same_hook_five_times_is_one_purchase(till, guest, purchases, points, rows):
    till.square.ring_up(customer=guest.customer)

    for _ in range(5):
        till.tell()
        till.work()

    assert len(purchases()) == 1
    assert points() == [11]
    assert len(rows(Message)) == 1


def test_told_by_several_hooks_it_is_one_purchase(till, guest, purchases, points):
    order = till.square.ring_up(customer=guest.customer)
    till.square.tell_order(order)
    till.square.tell("payment.updated", "payment", till.square.payments[order["tenders"][0]["payment_id"]])

    till.tell()
    till.work()

    assert len(purchases()) == 1
    assert points() == [11]


def test_a_split_order_is_one_purchase(till, guest, purchases, points):
    till.square.ring_up(customer=guest.customer, tenders=3, tip=100)

    till.tell()
    till.work()

    assert [purchase.amount_minor for purchase in purchases()] == [1150]
    assert points() == [11]


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_the_end_is_the_same(till, guest, purchases, refunds, points, later, seed):
    for _ in range(3):
        order = till.square.ring_up(customer=guest.customer, tenders=2)
        till.square.refund(order, 500)
        till.square.tell_order(order)
    hooks = till.square.sent * 2
    random.Random(seed).shuffle(hooks)

    for number, hook in enumerate(hooks):
        till.tell(hook)
        till.work(later(minutes=number))

    till.work(later(hours=3))
    assert len(purchases()) == 3
    assert [refund.amount_minor for refund in refunds()] == [500] * 3
    assert points() == [3 * 7]


def test_a_refund_that_comes_first_waits_for_its_purchase(till, guest, kept, refunds, points, later):
    order = till.square.ring_up(customer=guest.customer)
    till.square.refund(order)
    paid, refunded = till.square.sent

    till.tell(refunded)
    till.work()
    assert [(hook.state, hook.detail) for hook in kept()] == [
        ("new", "The sale that this refund belongs to has not arrived.")
    ]
    assert refunds() == []

    till.tell(paid)
    till.work(later(minutes=1))
    till.work(later(minutes=2))

    assert [hook.state for hook in kept()] == ["done", "done"]
    assert [refund.amount_minor for refund in refunds()] == [1150]
    assert points() == [0]


def test_a_refund_whose_purchase_never_comes_is_shown_to_the_owner(till, kept, later):
    till.square.refund(till.square.ring_up())

    till.tell(till.square.sent[1])
    for hours in range(26):
        till.work(later(hours=hours))

    assert [hook.state for hook in kept()] == ["parked"]


def test_a_pending_refund_takes_nothing_back_until_it_is_completed(till, guest, refunds, points):
    order = till.square.ring_up(customer=guest.customer)
    refund = till.square.refund(order, status="PENDING")
    till.tell()
    till.work()
    assert refunds() == []

    refund["status"] = "COMPLETED"
    till.tell(till.square.tell("refund.updated", "refund", refund))
    till.work()

    assert len(refunds()) == 1
    assert points() == [0]


def test_what_is_given_back_of_the_tip_takes_no_points(till, guest, refunds, points):
    order = till.square.ring_up(customer=guest.customer, tip=100)
    till.square.refund(order, 100, tip=100)
    till.square.refund(order, 1150)

    till.tell()
    till.work()

    assert [refund.amount_minor for refund in refunds()] == [1150]
    assert points() == [0]


def test_refunds_never_take_back_more_than_was_sold(till, guest, refunds, points):
    order = till.square.ring_up(customer=guest.customer, tip=100)
    till.square.refund(order, 1250)

    till.tell()
    till.work()

    assert [refund.amount_minor for refund in refunds()] == [1150]


def test_a_lost_hook_is_found_by_the_poll(till, guest, purchases, refunds, points, later):
    order = till.square.ring_up(customer=guest.customer)
    till.square.refund(order, 150)

    till.poll()
    till.work()
    till.work(later(minutes=1))

    assert [purchase.external_id for purchase in purchases()] == [order["id"]]
    assert len(refunds()) == 1
    assert points() == [10]


def test_a_poll_finds_nothing_that_the_hooks_told(till, guest, kept, purchases):
    till.square.ring_up(customer=guest.customer)
    till.tell()
    till.work()

    for _ in range(2):
        till.poll()
    till.work()

    assert len(kept()) == 1
    assert len(purchases()) == 1


def test_the_poll_goes_on_where_it_stopped(till, purchases, rows):
    till.square.ring_up()
    till.square.say(json_answer(503, {}))
    till.poll()
    assert [account.position for account in rows(ConnectorAccount)] == [{}]

    till.poll()
    till.work()

    assert len(purchases()) == 1
    assert [list(account.position) for account in rows(ConnectorAccount)] == [["until"]]


def test_a_long_outage_is_caught_up_day_by_day(till, shop, purchases):
    created = clock.now() - timedelta(days=5)
    shop.execute(update(ConnectorAccount).values(created_at=created))
    shop.commit()
    for _ in range(30):
        till.square.ring_up()

    till.poll()
    till.work()

    assert len(purchases()) == 30


@pytest.mark.parametrize("fault", [Fault.DROP, json_answer(500, {}), json_answer(429, {}), json_answer(503, {})])
def test_while_square_is_down_nothing_is_lost(till, guest, kept, purchases, points, later, fault):
    till.square.ring_up(customer=guest.customer)
    till.square.say(fault)
    till.tell()

    till.work()
    assert [hook.state for hook in kept()] == ["new"]
    assert purchases() == []

    till.work(later(minutes=1))
    assert [hook.state for hook in kept()] == ["done"]
    assert points() == [11]


def test_bad_credentials_stop_the_connection_and_keep_what_was_told(till, guest, kept, rows):
    till.square.ring_up(customer=guest.customer)
    till.square.access_token = "a new one that nobody told us"
    till.tell()

    till.work()

    assert [account.stopped_because for account in rows(ConnectorAccount)] == ["Square answered 401 UNAUTHORIZED."]
    assert [hook.state for hook in kept()] == ["parked"]


def test_access_that_was_revoked_stops_the_connection(till, rows, kept):
    body = b'{"merchant_id": "m", "type": "oauth.authorization.revoked", "event_id": "e1", "data": {}}'

    till.tell(till.square.signed(body))
    till.work()

    assert [bool(account.stopped_at) for account in rows(ConnectorAccount)] == [True]
    assert [hook.state for hook in kept()] == ["done"]


def test_what_the_rules_refuse_is_parked_with_the_reason(till, kept, purchases):
    till.square.currency = "JPY"
    till.square.ring_up()
    till.square.currency = "EUR"
    till.square.ring_up()

    till.tell()
    till.work()

    assert [hook.state for hook in kept()] == ["parked", "done"]
    assert "EUR" in kept()[0].detail
    assert len(purchases()) == 1


def test_a_customer_who_is_no_member_leaves_a_purchase_without_one(till, purchases):
    till.square.ring_up(customer=till.square.enrol(phone_number="+436649999999", email_address="x@example.com"))

    till.tell()
    till.work()

    assert [purchase.member_id for purchase in purchases()] == [None]


@pytest.mark.parametrize(
    "profile",
    [
        {"reference_id": "m-7"},
        {"phone_number": "0664 / 765 43 21"},
        {"phone_number": "+43 664 7654321"},
        {"email_address": "Nora@Example.com"},
        {"reference_id": "of another system", "phone_number": "no number", "email_address": "nora@example.com"},
    ],
)
def test_a_guest_is_found_by_what_the_till_knows(till, make_here, shop, purchases, profile):
    member = make_here.member(external_id="m-7", phone="+436647654321", email="nora@example.com")
    shop.commit()
    till.square.ring_up(customer=till.square.enrol(**profile))

    till.tell()
    till.work()

    assert [purchase.member_id for purchase in purchases()] == [member.id]


def test_the_worker_gives_way_after_a_slice(till, purchases, monkeypatch):
    monkeypatch.setattr(sync, "SLICE", 2)
    for _ in range(3):
        till.square.ring_up()
    till.tell()

    till.work()
    assert len(purchases()) == 2
    till.work()
    assert len(purchases()) == 3


def test_several_workers_at_once_record_it_once(till, guest, kept, purchases, points):
    order = till.square.ring_up(customer=guest.customer)
    for _ in range(7):
        till.square.tell_order(order)
    till.tell()

    with ThreadPoolExecutor(4) as workers:
        for done in [workers.submit(till.work) for _ in range(4)]:
            done.result()

    assert len(purchases()) == 1
    assert points() == [11]
    assert {hook.state for hook in kept()} == {"done"}


def test_a_long_order_is_read_whole(till, purchases):
    till.square.ring_up(items=[(f"Cake {number}", 1, 100) for number in range(1000)])

    till.tell()
    till.work()

    assert [purchase.amount_minor for purchase in purchases()] == [100_000]


def test_an_old_hook_of_a_forgotten_guest_books_the_sale_and_makes_nobody(shop, till, guest, purchases, rows):
    till.square.ring_up(customer=guest.customer)
    till.tell()
    erasure.erase(shop, shop.get_one(Member, (till.tenant_id, guest.id)), now=clock.now())
    shop.commit()

    till.work()

    assert [purchase.member_id for purchase in purchases()] == [None]
    assert [member.erased_at is None for member in rows(Member)] == [False]
