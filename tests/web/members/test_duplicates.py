"""Guests who are there twice, on their pages."""

import pytest

from domain.content.links import LinkClaim, LinkSigner, Purpose
from models.database import db
from tests.statements import statements
from tests.web.conftest import ask
from tests.web.members.conftest import MARCH, press

LIST = "/cafes/aurora/members/duplicates/"
APART = "/cafes/aurora/members/duplicates/apart"
MERGE = "/cafes/aurora/members/merge"
SIDES = f"{MERGE}?keep=M-1&with=M-2"
BOTH = {"keep": "M-1", "with": "M-2"}


@pytest.fixture
def twin(cafe, nora, make_in) -> int:
    """Nora once more, by another spelling of her address, who had said no to offers."""
    with make_in(cafe.id) as make:
        member = make.member(external_id="M-2", first_name="Norah", last_name="Novak", email="nora+till@example.com")
        make.consent(member, "email", "promotional", granted=False, at=MARCH)
        make.points(member, 20)
        make.reward_event(member, reward=make.reward(name="Free cake"))
        return member.id


def test_the_list_says_why_they_look_like_one(owner, twin):
    page = owner.get(LIST).text

    assert "1 pair looks like one guest" in page
    assert "one e-mail address in two spellings" in page


def test_told_apart_they_are_not_shown_again(owner, database, twin):
    assert press(owner, LIST, APART, one="M-1", other="M-2").status_code == 303

    assert "Nobody is there twice" in owner.get(LIST).text
    assert ask(database.admin_url, "SELECT action FROM audit_entries ORDER BY id DESC LIMIT 1") == "member.told_apart"


def test_the_preview_says_what_will_be_and_does_nothing(owner, database, twin):
    page = owner.get(SIDES).text

    assert "Closed, because one of them had said no: offers by e-mail" in page
    assert "You may send rewards by e-mail." in page
    assert "nora+till@example.com" in page
    assert ask(database.admin_url, "SELECT count(*) FROM member_merges") == 0


def test_joined_by_the_form_it_is_one_guest_found_by_both_numbers(owner, database, cafe, nora, twin):
    answer = press(owner, SIDES, MERGE, **BOTH, first_name="gone", email="kept", card="nonsense", unknown="gone")

    assert (answer.status_code, answer.location) == (303, "/cafes/aurora/members/M-1")
    page = owner.get("/cafes/aurora/members/M-2").text
    assert "Norah Novak" in page
    assert "Two records of this guest were joined" in page
    assert "nora+till@example.com" in page
    assert ask(database.admin_url, f"SELECT available FROM balances WHERE member_id = {nora}") == 20
    assert (
        ask(database.admin_url, "SELECT subject FROM audit_entries WHERE action = 'member.merged'") == f"member:{nora}"
    )


def test_an_old_link_of_the_row_that_went_still_takes_the_no(owner, app, database, cafe, nora, twin):
    signer = LinkSigner(app.config["SETTINGS"].secret_key)
    link = "/u/" + signer.sign(LinkClaim(Purpose.UNSUBSCRIBE, cafe.id, twin, link_number=1))
    press(owner, SIDES, MERGE, **BOTH)

    assert app.test_client().post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    standing = f"SELECT bool_or(granted) FROM consent_states WHERE channel = 'email' AND member_id = {nora}"
    assert ask(database.admin_url, standing) is False


@pytest.mark.parametrize(
    "pair",
    [{"keep": "M-1", "with": "M-1"}, {"keep": "M-1", "with": "nobody"}, {"keep": "", "with": ""}, {"keep": "x" * 300}],
)
def test_pairs_that_are_none_are_refused_in_words(owner, twin, pair):
    assert owner.get(MERGE, query_string=pair).status_code in (404, 422)
    assert press(owner, SIDES, MERGE, **pair).status_code in (404, 422)


def test_the_other_record_is_looked_for_by_what_is_known(owner, twin):
    page = owner.get("/cafes/aurora/members/M-1/twin?q=norah").text

    assert "keep=M-1&amp;with=M-2" in page
    assert "Nobody else" in owner.get("/cafes/aurora/members/M-1/twin?q=zzz").text


@pytest.mark.parametrize("path", [LIST, SIDES, "/cafes/aurora/members/M-1/twin"])
def test_staff_may_not(colleague, twin, path):
    assert colleague("staff").get(path).status_code == 403


@pytest.mark.parametrize("cursor", ["x", "1.2", "1.2.3.4", "1.2.x", "-1.2.3"])
def test_a_made_up_cursor_is_not_there(owner, twin, cursor):
    assert owner.get(LIST, query_string={"cursor": cursor}).status_code == 404


def test_a_longer_list_costs_no_more_statements(app, owner, cafe, twin, make_in):
    def cost() -> int:
        with app.app_context():
            engine = db.engine
        with statements(engine) as seen:
            assert owner.get(LIST).status_code == 200
        return len(seen)

    short = cost()
    with make_in(cafe.id) as make:
        for number in range(30):
            make.member(email=f"twin{number}@example.com")
            make.member(email=f"twin{number}+x@example.com")
    assert cost() == short
    further = owner.get(LIST).text
    assert 'rel="next"' in further
