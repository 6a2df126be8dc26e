"""The pages about tags."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select

from domain.audience import tag_holders, tags
from domain.loyalty import summaries
from domain.tenant_scope import tenant_scope
from models.audit import AuditEntry
from models.database import db
from models.member import Member
from models.tag import Tag
from tasks import consoles
from tests.factories import Make
from tests.web.conftest import form_token

HOME = "/cafes/aurora"


@pytest.fixture
def here(database, cafe):
    """The café's rows, on a connection of the test's own."""
    with database.session(cafe.id) as session:
        yield session


@pytest.fixture
def make(here):
    return Make(here)


@pytest.fixture
def run(app, cafe, here):
    """Commits what was made and looks at all tags."""

    def now():
        summaries.recount(here, list(here.scalars(select(Member.id))), now=datetime.now(UTC))
        here.commit()
        with app.app_context(), tenant_scope(cafe.id):
            consoles.run_now("tags", trigger="command")

    return now


@pytest.fixture
def tag_id(here):
    """The number of a tag."""

    def found(name):
        here.rollback()
        return here.scalars(select(Tag.id).where(Tag.name == name)).one()

    return found


@pytest.fixture
def post(owner):
    """Presses a button of a page."""

    def press(path, **fields):
        token = form_token(owner, f"{HOME}/tags/new")
        return owner.post(f"{HOME}/tags/{path}", data={"csrf_token": token, **fields})

    return press


def text(page):
    return " ".join(page.get_data(as_text=True).split())


def ago(days):
    return datetime.now(UTC) - timedelta(days=days)


def test_every_tag_stands_there_with_its_sentence_its_count_and_its_ends(owner, make, run):
    make.purchase(make.member(first_name="Leonie", last_name="Huber"), occurred_at=ago(30), amount_minor=450)
    run()
    page = text(owner.get(f"{HOME}/tags/"))
    for name in ("posRevenueWithinLast6Month", "revenueWithinLast6Month", "sleeping", "informAboutBonusSystem"):
        assert name in page
    assert "Spent money in one of your shops within the last 6 months." in page
    assert "In-store, last 6 months" in page
    assert "Leonie H.</a>" in page
    assert "€4.50" in page


def test_a_tag_shows_exactly_its_members_with_the_bill_and_the_end(owner, make, run, tag_id):
    inside = make.member(first_name="Leonie", last_name="Huber")
    outside = make.member(first_name="Marek", last_name="Steiner")
    make.purchase(inside, occurred_at=ago(30), amount_minor=1250)
    make.purchase(outside, occurred_at=ago(30), channel="online")
    run()
    page = text(owner.get(f"{HOME}/tags/{tag_id('posRevenueWithinLast6Month')}"))
    assert "1 guest has it" in page
    assert "Leonie Huber" in page
    assert "€12.50 on " in page
    assert "unless they buy again" in page
    assert "Marek" not in page


def test_looking_at_a_name_tells_the_sentence_the_count_and_an_example(owner, make, run, tag_id):
    make.purchase(make.member(first_name="Leonie", last_name="Huber"), occurred_at=ago(30), amount_minor=450)
    run()
    told = text(owner.get(f"{HOME}/tags/{tag_id('revenueWithinLast6Month')}/about"))
    assert "in a shop or online" in told
    assert "1 guest has it now" in told
    assert "Leonie H." in told and "€4.50" in told


def test_members_of_a_tag_come_in_pages(owner, make, post, tag_id, here):
    vip = Tag(name="VIP", words="")
    here.add(vip)
    people = [make.member(last_name=f"Guest {number:03}") for number in range(60)]
    tags.put_on(here, vip, [m.id for m in people], actor="user:1", now=ago(1))
    here.commit()
    path = f"{HOME}/tags/{tag_id('VIP')}"
    first = text(owner.get(path))
    assert first.count("Nora Guest") == 100  # a name and its box
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert text(owner.get(following)).count("Nora Guest") == 20
    assert owner.get(f"{path}?cursor=nonsense").status_code == 404


def test_as_many_members_cost_as_many_queries_as_one(app, owner, make, run, tag_id):
    with app.app_context():
        engine = db.engine

    def queries(path):
        counted = []

        def listen(*_):
            counted.append(1)

        event.listen(engine, "before_cursor_execute", listen)
        assert owner.get(path).status_code == 200
        event.remove(engine, "before_cursor_execute", listen)
        return len(counted)

    make.purchase(make.member(), occurred_at=ago(3))
    run()
    paths = [f"{HOME}/tags/", f"{HOME}/tags/{tag_id('revenueWithinLast6Month')}"]
    owner.get(f"{HOME}/tags/")  # the first visit also notes that the session lives
    few = [queries(path) for path in paths]
    for _ in range(12):
        make.purchase(make.member(), occurred_at=ago(3))
    run()
    assert [queries(path) for path in paths] == few


def test_a_tag_of_ones_own_is_made_put_on_many_and_taken_off(owner, make, post, tag_id, here):
    one = make.member(email="anna@example.com")
    other = make.member(phone="+436641234567", card="K-9")
    here.commit()
    made = post("new", name="Stammtisch", words="Sits at the big table.")
    assert made.status_code == 303
    number = tag_id("Stammtisch")
    put = post(f"{number}/put-on", who=f"Anna@example.com\n0664 1234567\nnobody@example.com\n{one.external_id}")
    page = text(owner.get(put.location))
    assert "Put on 2 guests." in page
    assert "Nobody was found for: nobody@example.com" in page
    assert post(f"{number}/take-off", member=[one.id]).status_code == 303
    here.rollback()
    assert [holder.member.id for holder in tag_holders.of_tag(here, number, limit=9)] == [other.id]
    actions = set(here.scalars(select(AuditEntry.action)))
    assert {"tag.created", "tag.put_on", "tag.taken_off"} <= actions


def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays(owner, make, post, run, tag_id):
    run()
    assert post(f"{tag_id('sleeping')}/put-on", who="").status_code == 422
    for name, words in (("", "Give the tag a name."), ("sleeping", "There is a tag of this name."), ("a,b", "comma")):
        answer = post("new", name=name, words="My words")
        assert answer.status_code == 422
        assert words in text(answer)
        assert 'value="My words"' in text(answer)
    assert "follows its rule" in text(post(f"{tag_id('sleeping')}/put-on", who="x"))


def test_on_a_guests_page_stand_their_tags_since_when_and_why_and_one_can_be_put_on(owner, make, post, run, tag_id):
    member = make.member(first_name="Leonie", birthday=None)
    make.purchase(member, occurred_at=ago(30), amount_minor=450)
    run()
    post("new", name="VIP")
    path = f"{HOME}/members/{member.external_id}"
    page = text(owner.get(path))
    assert "In-store, last 6 months" in page and "€4.50 on " in page
    assert "missing: birthday" in page
    assert "Bought in store → POS-active" in page
    post(f"of/{member.external_id}", put_on=tag_id("VIP"))
    assert "Put on by hand → “VIP”" in text(owner.get(path))
    post(f"of/{member.external_id}", take_off=tag_id("VIP"))
    assert "Taken off by hand → no longer “VIP”" in text(owner.get(path))
    post(f"of/{member.external_id}", put_on=tag_id("sleeping"))
    assert "follows its rule" in text(owner.get(path))


def test_a_tag_is_put_away_unless_something_asks_for_it_and_comes_back(owner, make, post, tag_id, here):
    post("new", name="VIP")
    number = tag_id("VIP")
    here.add(Tag(name="Dear", words="", definition={"fact": "tags", "op": "contains", "value": "VIP"}))
    here.commit()
    refused = post(f"{number}/archive")
    assert (refused.status_code, "“Dear”" in text(refused)) == (422, True)
    assert "Dear</a>" in text(owner.get(f"{HOME}/tags/{number}"))
    here.execute(delete(Tag).where(Tag.name == "Dear"))
    here.commit()
    assert "was put away" in text(owner.get(post(f"{number}/archive").location))
    assert "1 put away" in text(owner.get(f"{HOME}/tags/"))
    assert "is back" in text(owner.get(post(f"{number}/restore").location))


def test_another_cafes_tag_is_not_there(owner, open_cafe, database):
    with database.session(open_cafe("beta").id) as session:
        theirs = Tag(name="Theirs", words="")
        session.add(theirs)
        session.commit()
        number = theirs.id
    assert owner.get(f"{HOME}/tags/{number}").status_code == 404
    assert owner.get(f"{HOME}/tags/{number}/about").status_code == 404


def test_all_whom_a_search_finds_get_a_tag_at_once(owner, make, post, tag_id, here):
    vip = Tag(name="VIP", words="")
    here.add(vip)
    for number in range(60):
        make.member(last_name=f"Huber {number:03}")
    make.member(last_name="Steiner")
    here.commit()
    assert "Put on all of them" in text(owner.get(f"{HOME}/members/?q=huber"))
    assert "Put on all of them" not in text(owner.get(f"{HOME}/members/"))

    put = post("put-on-found", tag=str(tag_id("VIP")), q="huber")

    assert put.status_code == 303
    page = text(owner.get(f"{HOME}/tags/{tag_id('VIP')}"))
    assert "60 guests have it" in page
    assert "Put on 60 guests." in page


def test_all_of_a_segment_get_a_tag_at_once(owner, make, post, tag_id, here):
    vip = Tag(name="VIP", words="")
    here.add(vip)
    segment = make.segment()
    make.segment_member(segment.id, make.member())
    here.commit()
    assert "Put on all of them" in text(owner.get(f"{HOME}/segments/{segment.id}"))

    assert post("put-on-found", tag=str(tag_id("VIP")), segment=str(segment.id)).status_code == 303
    assert "1 guest has it" in text(owner.get(f"{HOME}/tags/{tag_id('VIP')}"))


def test_nobody_is_tagged_where_nobody_was_meant(owner, make, post, tag_id, here, run):
    vip = Tag(name="VIP", words="")
    here.add(vip)
    make.member(last_name="Huber")
    run()
    here.commit()
    assert post("put-on-found", tag=str(tag_id("VIP")), segment="404").status_code == 404
    for meant in ({}, {"q": " "}, {"segment": "x"}, {"q": "huber", "tag": str(tag_id("sleeping"))}):
        assert post("put-on-found", **({"tag": str(tag_id("VIP"))} | meant)).status_code == 303
    assert "follows its rule" in text(owner.get(f"{HOME}/members/"))
    assert "0 guests have it" in text(owner.get(f"{HOME}/tags/{tag_id('VIP')}"))
