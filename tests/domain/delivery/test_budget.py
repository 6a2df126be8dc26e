"""Texts cost money: what each costs is written down, and a café's month never costs more than it wants."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from domain.delivery import accounts, budget, outbox
from domain.delivery.batches import Letter
from domain.delivery.ports import Outgoing
from domain.errors import Unacceptable
from domain.tenant_scope import tenant_scope
from models.tenant import Tenant
from tests.factories import Make
from tests.statements import statements
from tests.waiting import until

BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
PRICE = 650  # 6.5 cents
LONG = "x" * 200  # two parts


@pytest.fixture
def account(make):
    return make.gateway("sms", price_per_part=PRICE)


@pytest.fixture
def cap(session, tenant):
    """Set what the month may cost, in cents."""

    def cap(cents):
        tenant.monthly_cap_minor = cents
        session.flush()

    return cap


CLAIMED = {"state": "claimed", "claimed_by": "w"}


@pytest.fixture
def due(make):
    """That many texts which are due, each to a guest who agreed."""
    return lambda count: [make.message(make.member(consents=["sms"]), channel="sms", **CLAIMED) for _ in range(count)]


def letters(messages, body="Hello"):
    return [
        Letter(Outgoing(each.id, "+436641234567", body, f"1.{each.id}"), each.channel, None, each.topic, 0, None, body)
        for each in messages
    ]


def ended(session, messages):
    for each in messages:
        session.refresh(each)
    return [(each.state, each.reason, each.cost) for each in messages]


def test_each_text_is_written_down_with_its_parts_times_the_price(session, account, due, now):
    short, long = due(2)

    paid = budget.charge(session, "w", account, letters([short]) + letters([long], LONG), now=now)

    assert [each.outgoing.message_id for each in paid] == [short.id, long.id]
    assert ended(session, [short, long]) == [("claimed", None, PRICE), ("claimed", None, 2 * PRICE)]
    assert short.priced_at == now


def test_where_no_price_is_known_nobody_looks(session, make, due, now):
    account, texts = make.gateway("sms"), due(2)

    with statements(session) as seen:
        assert len(budget.charge(session, "w", account, letters(texts), now=now)) == 2
    assert seen == []


def test_on_other_channels_a_message_is_one_part(session, make, now):
    account = make.gateway("whatsapp", price_per_part=PRICE)
    message = make.message(channel="whatsapp", **CLAIMED)
    budget.charge(session, "w", account, letters([message], LONG), now=now)
    assert ended(session, [message]) == [("claimed", None, PRICE)]


def test_what_the_month_does_not_pay_for_is_cancelled_in_order(session, account, due, cap, now):
    cap(20)  # three texts of 6.5 cents
    texts = due(4)

    paid = budget.charge(session, "w", account, letters(texts), now=now)

    assert [each.outgoing.message_id for each in paid] == [each.id for each in texts[:3]]
    assert ended(session, texts) == [("claimed", None, PRICE)] * 3 + [("cancelled", "cap_reached", None)]
    assert (texts[3].settled_at, texts[3].lease_until) == (now, None)


def test_to_the_last_hundredth_of_a_cent(session, account, due, cap, now):
    cap(13)  # exactly two
    texts = due(3)
    assert len(budget.charge(session, "w", account, letters(texts), now=now)) == 2


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("claimed", True),
        ("attempting", True),
        ("sent", True),
        ("delivered", True),
        ("bounced", True),
        ("unsure", True),
        ("planned", False),
        ("failed", False),
        ("cancelled", False),
    ],
)
def test_what_may_have_left_this_month_counts(session, make, account, due, cap, now, state, counts):
    cap(6_50)
    reason = "expired" if state == "cancelled" else None
    make.message(channel="sms", state=state, reason=reason, cost=6_50_00, priced_at=now - timedelta(days=2))

    paid = budget.charge(session, "w", account, letters(due(1)), now=now)

    assert len(paid) == (0 if counts else 1)


def test_the_month_is_the_cafes_own(session, tenant, make, account, due, cap, now):
    """February ends in Vienna an hour before it does in London."""
    cap(10)
    last = datetime(2026, 2, 28, 22, 59, tzinfo=UTC)
    make.message(channel="sms", state="sent", cost=6_50_00, priced_at=last)
    assert (budget.spent(session, tenant, now=now), budget.spent(session, tenant, now=last)) == (0, 6_50_00)
    assert len(budget.charge(session, "w", account, letters(due(1)), now=last + timedelta(minutes=1))) == 1


def test_a_year_ends_too():
    began, over = budget.month("Europe/Vienna", datetime(2026, 12, 31, 22, 0, tzinfo=UTC))
    assert (began.isoformat(), over.isoformat()) == ("2026-12-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00")


def test_what_is_claimed_again_is_priced_anew(session, tenant, make, account, now):
    tenant.sms_approved_at, tenant.sms_markets = now, ["AT"]
    member = make.member(consents=["sms"], phone_country="AT", phone_takes_texts=True)
    message = make.message(member, channel="sms", cost=999, priced_at=now - timedelta(days=40))

    assert len(outbox.claim(session, account, "instant", owner="w", limit=9, now=now).messages) == 1

    assert ended(session, [message]) == [("claimed", None, None)]


def test_whoever_lost_the_lease_writes_nothing(session, account, due, cap, now):
    cap(0)
    texts = due(1)
    budget.charge(session, "somebody else", account, letters(texts), now=now)
    assert ended(session, texts) == [("claimed", None, None)]


@pytest.mark.parametrize(("typed", "kept"), [("0.065", 650), ("0.0001", 1), ("1", 10_000), ("", None)])
def test_a_price_is_kept_to_the_hundredth_of_a_cent(session, account, typed, kept):
    budget.set_price(session, account, typed)
    assert account.price_per_part == kept


@pytest.mark.parametrize("typed", ["-1", "0.00001", "cheap", "0,065", "1e3", "9" * 20])
def test_what_is_no_price_is_refused(session, account, typed):
    with pytest.raises(Unacceptable):
        budget.set_price(session, account, typed)


def test_of_two_workers_at_once_the_second_waits_and_counts_what_the_first_spends(database, now):
    engine = create_engine(database.url)
    with database.session() as opening:
        tenant_id = Make(opening).tenant(monthly_cap_minor=20).id
        opening.commit()
    with tenant_scope(tenant_id), Session(engine) as first, Session(engine) as watching:
        make = Make(first)
        account = make.gateway("sms", price_per_part=PRICE)
        mine, theirs = (
            [make.message(channel="sms", state="claimed", claimed_by=owner) for _ in range(2)] for owner in ("a", "b")
        )
        mine, theirs, gateway_id = letters(mine), letters(theirs), account.id
        first.commit()
        paid: list[int] = []
        other = threading.Thread(target=_charge, args=(engine, tenant_id, gateway_id, theirs, paid, now))

        assert len(budget.charge(first, "a", account, mine, now=now)) == 2
        other.start()
        until(lambda: _blocked(watching), what="the second waits for the first")
        assert paid == []
        first.commit()
        other.join()

        assert paid == [1]
        assert budget.spent(first, first.get_one(Tenant, tenant_id), now=now) == 3 * PRICE
    engine.dispose()


def _blocked(session):
    session.rollback()
    return bool(session.scalar(BLOCKED))


def _charge(engine, tenant_id, gateway_id, theirs, paid, now):
    with tenant_scope(tenant_id), Session(engine) as session:
        account = accounts.get(session, gateway_id)
        paid.append(len(budget.charge(session, "b", account, theirs, now=now)))
        session.commit()
