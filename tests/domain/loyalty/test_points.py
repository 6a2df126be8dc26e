from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.errors import Conflict, Unacceptable
from domain.loyalty import events
from domain.loyalty.events import EventRequest
from domain.loyalty.sales import MemberRef
from models.event import Event
from models.ledger import LedgerEntry


def test_points_are_given_and_taken(counter):
    given = counter.give(10)
    assert given.answer == {
        "entry": given.entry_id,
        "balances": [{"currency": "points", "available": 10, "pending": 0}],
    }

    assert counter.give(-4).answer["balances"][0]["available"] == 6


def test_below_zero_is_a_conflict(counter):
    counter.give(3)
    with pytest.raises(Conflict):
        counter.give(-4)


def test_told_again_it_gives_the_first_answer(counter):
    first = counter.give(10, external_id="p1")
    counter.give(1)
    again = counter.give(10, external_id="p1")

    assert (again.is_new, again.answer) == (False, first.answer)
    assert counter.session.scalar(select(func.count(LedgerEntry.id))) == 2


@pytest.mark.parametrize("other", [{"number": 11}, {"number": 10, "currency": "stars"}, {"number": 10, "reason": "x"}])
def test_another_content_under_the_same_number_is_a_conflict(counter, make, other):
    make.currency("stars")
    counter.give(10, external_id="p1")

    with pytest.raises(Conflict):
        counter.give(**other, external_id="p1")


def test_points_that_wait_are_pending(counter):
    answer = counter.give(10, activates_at=counter.now + timedelta(days=1)).answer

    assert answer["balances"] == [{"currency": "points", "available": 0, "pending": 10}]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"number": 0}, "points"),
        ({"number": 10**9 + 1}, "points"),
        ({"number": 1, "currency": "gold"}, "currency"),
        ({"number": 1, "member": "nobody"}, "member"),
        ({"number": -1, "days": (None, 3)}, "points"),
        ({"number": 1, "days": (None, -1)}, "expires_at"),
        ({"number": 1, "days": (5, 4)}, "expires_at"),
        ({"number": 1, "days": (99999, None)}, "activates_at"),
    ],
)
def test_what_cannot_be_booked_is_refused_beside_its_field(counter, values, path):
    activates, expires = values.pop("days", (None, None))
    dates = {"activates_at": activates, "expires_at": expires}
    instants = {name: counter.now + timedelta(days=days) for name, days in dates.items() if days is not None}

    with pytest.raises(Unacceptable) as refused:
        counter.give(**values, **instants)
    assert refused.value.errors[0].path == path


def told(counter, **values):
    known = {
        "type": "custom.tasting",
        "member": MemberRef("external_id", "nora"),
        "occurred_at": counter.now,
        "external_id": "e1",
        "properties": {"wine": "Veltliner"},
    }
    return events.record(counter.session, EventRequest(**(known | values)), now=counter.now)


def test_an_event_is_kept_once(counter):
    first, again = told(counter), told(counter)

    assert (first.is_new, again.is_new, first.answer) == (True, False, again.answer)
    kept = counter.session.scalars(select(Event)).one()
    assert (kept.type, kept.properties) == ("custom.tasting", {"wine": "Veltliner"})


def test_another_event_under_the_same_number_is_a_conflict(counter):
    told(counter)
    with pytest.raises(Conflict):
        told(counter, properties={})


def test_the_catalogues_events_may_be_told(counter):
    assert told(counter, type="app.installed").is_new


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"type": "nothing.known"}, "type"),
        ({"type": "custom."}, "type"),
        ({"type": "custom.With-Hyphen"}, "type"),
        ({"type": "custom." + "x" * 100}, "type"),
        ({"member": MemberRef("card", "none")}, "member"),
        ({"occurred_at": None}, "occurred_at"),
    ],
)
def test_an_event_that_cannot_be_is_refused_beside_its_field(counter, values, path):
    if "occurred_at" in values:
        values = {"occurred_at": counter.now + timedelta(minutes=11)}
    with pytest.raises(Unacceptable) as refused:
        told(counter, **values)
    assert refused.value.errors[0].path == path


def test_every_event_of_the_catalogue_has_words():
    assert all(each.words and each.code == code for code, each in events.CATALOGUE.items())
