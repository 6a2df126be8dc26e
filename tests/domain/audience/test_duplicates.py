"""Who looks like one person, and who does not."""

from datetime import date

import pytest

from domain.audience import duplicates
from tests.statements import statements

BORN = date(1990, 5, 17)
NOTHING = {"email": None, "phone": None, "card": None}


@pytest.fixture
def found(session):
    def pairs():
        return [(each.first_id, each.second_id, each.sign) for each in duplicates.page(session, limit=50).pairs]

    return pairs


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ({"email": "a.b@gmail.com"}, {"email": "AB+cafe@googlemail.com"}, "email"),
        ({"email": "eva+till@example.com"}, {"email": "eva@example.com"}, "email"),
        ({"card": "0040-1234"}, {"card": "40 1234"}, "card"),
        ({"card": "ab12"}, {"card": "AB12"}, "card"),
    ],
)
def test_one_address_in_two_spellings(make, found, one, other, sign):
    first = make.member(**(NOTHING | {"first_name": "A", "last_name": "B"} | one))
    second = make.member(**(NOTHING | {"first_name": "C", "last_name": "D"} | other))
    make.member()

    assert found() == [(first.id, second.id, sign)]


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        (("Eva", "Huber"), ("eva", "HUBER"), "name_and_birthday"),
        (("Eva", "Müller"), ("Eva", "Mueller"), "sound_and_birthday"),
        (("Eva", "Müller"), ("Eva", "Muller"), "sound_and_birthday"),
        (("Stefan", "Meier"), ("Stephan", "Mayer"), "sound_and_birthday"),
        (("Huber", "Eva"), ("Eva", "Huber"), "sound_and_birthday"),
        (("Kathrin", "Novák"), ("Katrin", "Novak"), "sound_and_birthday"),
        (("Anna Maria", "Groß"), ("Annamaria", "Gross"), "sound_and_birthday"),
    ],
)
def test_one_birthday_and_names_that_sound_alike(make, found, one, other, sign):
    first = make.member(**NOTHING, first_name=one[0], last_name=one[1], birthday=BORN)
    second = make.member(**NOTHING, first_name=other[0], last_name=other[1], birthday=BORN)

    assert found() == [(first.id, second.id, sign)]


def test_one_with_an_address_and_one_without_of_one_name(make, found):
    by_card = make.member(first_name="Eva", last_name="Huber", email=None, phone=None)
    by_mail = make.member(first_name="Eva", last_name="Huber", phone=None, card=None)

    assert found() == [(by_card.id, by_mail.id, "name")]


def test_two_of_one_name_are_two_when_their_addresses_or_birthdays_say_so(make, found):
    make.member(first_name="Eva", last_name="Huber")
    make.member(first_name="Eva", last_name="Huber")
    make.member(**NOTHING, first_name="Ida", last_name="Berg", birthday=BORN)
    make.member(**NOTHING, first_name="Ida", last_name="Berg", birthday=date(1991, 5, 17))
    make.member(**NOTHING, first_name="Leo", last_name="Berg", birthday=BORN)

    assert found() == []


def test_whoever_was_told_apart_or_forgotten_is_no_pair_any_more(session, make, found, now):
    pairs = [
        [make.member(**NOTHING, first_name=name, last_name="Huber", birthday=BORN) for _ in "12"]
        for name in ("Eva", "Pia")
    ]
    duplicates.tell_apart(session, pairs[0][1].id, pairs[0][0].id, now=now)
    duplicates.tell_apart(session, pairs[0][0].id, pairs[0][1].id, now=now)
    pairs[1][0].erased_at = now
    session.flush()

    assert found() == []


def test_pages_show_every_pair_once_and_the_surest_first(session, make):
    for number in range(5):
        for card in (f"77{number}", f"077{number}"):
            make.member(**NOTHING | {"card": card}, first_name=f"N{card}", last_name="X")
    make.member(**NOTHING | {"email": "eva@example.com"}, last_name="Y")
    make.member(**NOTHING | {"email": "eva+2@example.com"}, last_name="Z")

    seen, after = [], duplicates.START
    with statements(session) as sent:
        while found := duplicates.page(session, after=after, limit=2).pairs:
            seen += found
            after = (found[-1].strength, found[-1].first_id, found[-1].second_id)

    assert [each.sign for each in seen] == ["email"] + ["card"] * 5
    assert len({(each.first_id, each.second_id) for each in seen}) == 6
    assert len(sent) == 4
    assert duplicates.page(session, limit=1).total == 6
