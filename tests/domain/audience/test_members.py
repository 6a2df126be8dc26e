from datetime import date

import pytest

from domain.audience import erasure, members
from domain.errors import Conflict, NotFound, Unacceptable
from models.event import Event
from models.message import Message


def test_who_is_not_there_yet_is_enrolled_and_says_so_once(session, tenant, now):
    first = members.upsert(session, tenant, "M-1", {"first_name": "Zoe"}, now=now)
    again = members.upsert(session, tenant, "M-1", {"last_name": "Huber"}, now=now)

    assert (first.is_new, again.is_new) == (True, False)
    assert again.member.full_name == "Zoe Huber"
    joined = session.query(Event).filter_by(type="registration.completed", member_id=first.member.id)
    assert joined.count() == 1


def test_what_is_absent_stays_and_what_is_null_is_cleared(session, tenant, now):
    members.upsert(session, tenant, "M-1", {"first_name": "Zoe", "phone": "0664 1234567"}, now=now)
    member = members.upsert(session, tenant, "M-1", {"phone": None}, now=now).member

    assert member.first_name == "Zoe"
    assert (member.phone, member.phone_country, member.phone_takes_texts) == (None, None, False)


def test_joining_is_a_day_of_the_cafes_zone(session, tenant, now):
    late = now.replace(month=7, day=1, hour=22, minute=30)
    assert members.upsert(session, tenant, "M-1", {}, now=late).member.joined_on == date(2026, 7, 2)


def test_phones_are_read_in_the_cafes_country_and_landlines_take_no_texts(session, tenant, now):
    mobile = members.upsert(session, tenant, "M-1", {"phone": "0664 1234567"}, now=now).member
    landline = members.upsert(session, tenant, "M-2", {"phone": "+43 1 5131234"}, now=now).member

    assert (mobile.phone, mobile.phone_country, mobile.phone_takes_texts) == ("+436641234567", "AT", True)
    assert landline.phone_takes_texts is False


@pytest.mark.parametrize(
    "typed", ["a@b@c.example", "Zoe <z@example.com>", "a@example.com,b@example.com", "a@exa\nmple.com"]
)
def test_lists_names_and_control_characters_are_no_address(session, tenant, now, typed):
    with pytest.raises(Unacceptable) as refused:
        members.upsert(session, tenant, "M-1", {"email": typed}, now=now)
    assert [error.path for error in refused.value.errors] == ["email"]


@pytest.mark.parametrize(("field", "value"), [("email", "ZOE@Example.com"), ("phone", "06641234567"), ("card", "C-1")])
def test_what_another_member_has_is_a_conflict_that_writes_nothing(session, tenant, now, field, value):
    theirs = {"email": "zoe@example.com", "phone": "+436641234567", "card": "C-1"}
    members.upsert(session, tenant, "M-1", theirs, now=now)

    with pytest.raises(Conflict) as refused:
        members.upsert(session, tenant, "M-2", {"first_name": "Eva", field: value}, now=now)

    assert [error.path for error in refused.value.errors] == [field]
    with pytest.raises(NotFound):
        members.get(session, "M-2")


@pytest.mark.parametrize("words", ["zo", "HUB", "zoe hub", "huber zoe", "zoe@", "+43664", "c-9", "M-1"])
def test_search_finds_by_the_beginning_of_any_name_address_or_number(session, tenant, now, words):
    values = {
        "first_name": "Zoe",
        "last_name": "Huber",
        "email": "zoe@example.com",
        "phone": "06641234567",
        "card": "C-9",
    }
    wanted = members.upsert(session, tenant, "M-1", values, now=now).member
    members.upsert(session, tenant, "N-2", {"first_name": "Abel", "last_name": "Bauer"}, now=now)

    assert list(session.scalars(members.search(words, before_id=None, limit=10))) == [wanted]


def test_what_a_search_finds_comes_in_pages_the_newest_first(session, make, now):
    made = [make.member(last_name="Huber", external_id=f"huber-{number}").id for number in range(5)]
    make.member(last_name="Bauer")
    erasure.erase(session, make.member(last_name="Huber"), now=now)

    first = [each.id for each in session.scalars(members.search("huber", before_id=None, limit=3))]
    then = [each.id for each in session.scalars(members.search("huber", before_id=first[-1], limit=3))]

    assert first + then == made[::-1]
    assert session.scalars(members.search("erased", before_id=None, limit=3)).all() == []


def test_an_erased_member_is_not_there_and_leaves_no_name(session, tenant, make, now):
    member = make.member(external_id="M-1", consents=["email"])
    waiting = make.message(member)
    erasure.erase(session, member, now=now)

    with pytest.raises(NotFound):
        members.get(session, "M-1")
    assert (member.email, member.phone, member.card, member.full_name) == (None, None, None, "")
    session.refresh(waiting)
    assert (waiting.state, waiting.reason, waiting.address) == ("cancelled", "member_erased", None)
    assert session.query(Message).filter_by(member_id=member.id).count() == 1
