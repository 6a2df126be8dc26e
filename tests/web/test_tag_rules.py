"""Tags that follow a rule of the café's own: built like a segment's, told in a sentence, refused in words."""

import pytest
from sqlalchemy import select

from domain.audience import tag_holders
from domain.loyalty import summaries
from models.member import Member
from models.tag import Tag
from tests.factories import Make
from tests.web.conftest import change, form_token
from tests.web.test_tags import ago, text

ROOM = "/cafes/aurora/tags"
NEW = f"{ROOM}/new/by-rule"
RULE = {"name": "Regular", "t.joint": "all", "t-0.fact": "purchases.count", "t-0.op": "gte", "t-0.value": "2"}


def asks_for(name):
    return {"t.joint": "all", "t-0.fact": "tags", "t-0.op": "contains", "t-0.value": name}


@pytest.fixture
def here(database, cafe):
    with database.session(cafe.id) as session:
        yield session


@pytest.fixture
def regular(here):
    """A guest who bought twice, beside one who bought once."""
    make = Make(here)
    people = [make.member(first_name="Leonie", last_name="Huber"), make.member(first_name="Marek", last_name="Steiner")]
    for member in (people[0], *people):
        make.purchase(member, occurred_at=ago(3))
    summaries.recount(here, list(here.scalars(select(Member.id))), now=ago(0))
    here.commit()
    return people[0].id


@pytest.fixture
def send(owner):
    def sends(url, typed, **options):
        return owner.post(url, data={"csrf_token": form_token(owner, NEW), **typed}, **options)

    return sends


@pytest.fixture
def tag(here):
    def found(name):
        here.rollback()
        return here.scalars(select(Tag).where(Tag.name == name)).one_or_none()

    return found


def test_who_fits_has_it_as_soon_as_it_is_saved(owner, send, here, regular, tag):
    saved = send(NEW, RULE)

    assert saved.status_code == 303
    made = tag("Regular")
    assert made.definition == {"all": [{"fact": "purchases.count", "op": "gte", "value": 2}]}
    page = text(owner.get(f"{ROOM}/{made.id}"))
    assert "Guests who bought at least twice." in page or "Guests who bought at least 2 times." in page
    assert "1 guest has it" in page and "Leonie Huber" in page and "Marek Steiner" not in page
    assert "ends when the rule is no longer true" in page


def test_another_rule_takes_it_from_those_who_no_longer_fit(owner, send, here, regular, tag):
    send(NEW, RULE)
    made = tag("Regular")

    saved = send(f"{ROOM}/{made.id}/rule", {**RULE, "t-0.value": "3", "words": "Comes often", "name": "Another"})

    assert saved.status_code == 303
    made = tag("Regular")
    assert (made.words, tag("Another")) == ("Comes often", None)
    assert tag_holders.of_all(here).get(made.id) is None


def test_the_page_opens_with_what_was_kept(owner, send, regular, tag):
    send(NEW, RULE)
    page = owner.get(f"{ROOM}/{tag('Regular').id}/rule").text

    assert 'value="2"' in page and "readonly" in page
    assert owner.get(f"{ROOM}/{tag('Regular').id}/edit").location.endswith("/rule")


def test_beside_it_stands_whom_it_finds(send, regular):
    found = text(send(f"{ROOM}/rule/found", RULE))

    assert "match" in found and "Leonie H." in found


def test_it_asks_for_everything_but_segments(owner, regular):
    page = owner.get(NEW).text

    assert '<option value="tags"' in page
    assert '<option value="segments"' not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"t-0.value": "many"}, "Write a number here, like 3."),
        ({"t-0.days": "0"}, "Say how many days: 1 to 3,650."),
        ({"t-0.days": "10000"}, "Say how many days: 1 to 3,650."),
        ({"t-0.fact": "segments", "t-0.op": "contains", "t-0.value": "1"}, "A tag cannot ask about segments"),
        ({"name": ""}, "Give the tag a name."),
        ({"name": "a,b"}, "A name has at most 60 characters, without comma, semicolon or bar."),
        ({"name": "sleeping"}, "There is a tag of this name."),
        (asks_for("gone"), "This is no longer there: choose another."),
        ({f"t-{number}.fact": "purchases.count" for number in range(200)}, "At most"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays(send, regular, tag, typed, words):
    answer = send(NEW, {**RULE, **typed})

    assert (answer.status_code, words in text(answer)) == (422, True)
    assert tag("Regular") is None


def test_a_circle_is_refused_with_its_way(send, here, regular, tag):
    send(NEW, RULE)
    send(NEW, {**asks_for("Regular"), "name": "Friend"})
    assert tag("Friend") is not None

    answer = send(f"{ROOM}/{tag('Regular').id}/rule", {**asks_for("Friend"), "name": "Regular"})

    assert answer.status_code == 422
    assert "This goes in a circle: regular → friend → regular." in text(answer)


def test_a_tag_whose_rule_asks_for_one_that_was_put_away_says_so_when_it_comes_back(send, here, regular, tag):
    send(NEW, RULE)
    send(NEW, {**asks_for("Regular"), "name": "Friend"})
    send(f"{ROOM}/{tag('Friend').id}/archive", {})
    send(f"{ROOM}/{tag('Regular').id}/archive", {})

    answer = send(f"{ROOM}/{tag('Friend').id}/restore", {})

    assert answer.status_code == 422
    assert "There is no tag “Regular”" in text(answer)
    assert tag("Friend").archived_at is not None


def test_in_german_it_is_said_in_german(send, database, regular):
    change(database.admin_url, "UPDATE users SET locale = 'de'")

    answer = send(NEW, {**RULE, "name": "sleeping"})

    assert "Ein Schlagwort mit diesem Namen gibt es schon." in text(answer)
