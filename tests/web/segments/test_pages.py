"""The list of segments, one segment's page, and what is done with one."""

import csv
import io
from datetime import timedelta

import pytest

from domain import clock
from models.database import db
from models.segment import SegmentSize
from tests.factories import Make
from tests.statements import statements
from tests.web.conftest import ask, change, form_token
from tests.web.segments.conftest import send

LIST = "/cafes/aurora/segments/"


def page_of(segment_id: int) -> str:
    return f"{LIST}{segment_id}"


def test_the_list_tells_each_segment_its_sentence_and_size(owner, presets, make_segment):
    make_segment("Night owls")

    page = owner.get(LIST).text

    assert page.index(">New<") < page.index(">Top<") < page.index(">Defecting<") < page.index(">Night owls<")
    assert "Guests with exactly one purchase, in the last 30 days." in page
    assert "Guests who bought" in page
    assert "too young to compare" in page


def test_the_list_compares_with_a_month_ago(owner, database, cafe, presets):
    with database.session(cafe.id) as session:
        day = clock.now().date() - timedelta(days=40)
        session.add(SegmentSize(segment_id=presets["defecting"], day=day, size=4))
        session.commit()

    assert ">−3</em>" in owner.get(LIST).text


def test_typing_narrows_the_list_and_htmx_gets_it_alone(owner, presets, make_segment):
    make_segment("Night owls")

    part = owner.get(f"{LIST}?q=OWL", headers={"HX-Request": "true"}).text

    assert "Night owls" in part
    assert "Defecting" not in part
    assert "<html" not in part
    assert "No name contains “zebra”." in owner.get(f"{LIST}?q=zebra").text


def test_an_empty_list_teaches(owner, database, cafe):
    change(database.admin_url, "DELETE FROM segments")

    assert "A segment is a question about your guests that answers itself" in owner.get(LIST).text


def test_long_lists_are_paged(owner, database, cafe, presets):
    with database.session(cafe.id) as session:
        make = Make(session)
        for number in range(60):
            make.segment(name=f"Segment {number:02}")
        session.commit()

    first = owner.get(LIST).text
    last_id = ask(database.admin_url, "SELECT id FROM segments WHERE name = 'Segment 44'")
    second = owner.get(f"{LIST}?cursor={last_id}").text

    assert ("Segment 44" in first, "Segment 45" in first) == (True, False)
    assert f"cursor={last_id}" in first
    assert ("Segment 44" in second, "Segment 45" in second, "Segment 59" in second) == (False, True, True)


def test_ten_segments_cost_the_list_as_many_statements_as_one(app, owner, make_segment, presets):
    rule = {"fact": "segments", "op": "contains", "value": presets["new"]}
    make_segment("S0", rule)
    with app.app_context():
        engine = db.engine
    with statements(engine) as one:
        owner.get(LIST)
    for number in range(1, 11):
        make_segment(f"S{number}", rule)

    with statements(engine) as ten:
        owner.get(LIST)

    assert len(ten) == len(one)


def test_the_page_lists_members_with_since(owner, presets):
    page = owner.get(page_of(presets["new"])).text

    assert "Newcomer Novak" in page
    assert "Regular Novak" not in page
    assert "In it since" in page


def test_fifty_members_cost_the_page_as_many_statements_as_one(app, owner, database, cafe, presets):
    with app.app_context():
        engine = db.engine
    with statements(engine) as one:
        owner.get(page_of(presets["new"]))
    with database.session(cafe.id) as session:
        make = Make(session)
        for number in range(55):
            make.segment_member(presets["new"], make.member(external_id=f"more-{number}"))
        session.commit()

    with statements(engine) as many:
        page = owner.get(page_of(presets["new"])).text

    assert len(many) == len(one)
    assert 'rel="next"' in page


def test_the_history_is_a_plot_with_a_table_for_all(owner, database, cafe, presets):
    with database.session(cafe.id) as session:
        for ago in (1, 2, 3):
            day = clock.now().date() - timedelta(days=ago)
            session.merge(SegmentSize(tenant_id=cafe.id, segment_id=presets["top"], day=day, size=10 + ago))
        session.commit()

    page = owner.get(page_of(presets["top"])).text

    assert 'data-chart="days"' in page
    assert 'data-value="13"' in page


@pytest.mark.parametrize(
    ("preset", "figure", "advice"),
    [
        ("new", "Second purchase within 30 days", "Ask them back"),
        ("top", "Guests in it now", "Thank them"),
        ("defecting", "Came back within 30 days", "Win them back"),
    ],
)
def test_a_preset_tells_how_its_goal_stands_and_what_to_do(owner, presets, preset, figure, advice):
    page = owner.get(page_of(presets[preset])).text

    assert figure in page
    assert advice in page


def test_where_it_is_used_is_told_and_keeps_it_from_being_put_away(owner, presets, make_segment, segment_of):
    source = make_segment("Source")
    make_segment("Asking", {"fact": "segments", "op": "contains", "value": source})

    refused = send(owner, f"{page_of(source)}/archive", {})

    assert refused.status_code == 422
    assert "change first what stands under" in refused.text
    assert ">Asking</a>" in refused.text
    assert segment_of("Source") is not None


def test_a_segment_is_put_away_and_found_among_those(owner, presets, make_segment):
    segment_id = make_segment("Old")

    assert send(owner, f"{page_of(segment_id)}/archive", {}).status_code == 303

    assert ">Old<" not in owner.get(LIST).text
    assert ">Old<" in owner.get(f"{LIST}?archived=yes").text
    assert "Nobody is in it any more" in owner.get(page_of(segment_id)).text


def test_the_presets_stay(owner, presets, segment_of):
    assert send(owner, f"{page_of(presets['top'])}/archive", {}).status_code == 422
    assert segment_of("Top") is not None


def test_a_copy_has_a_name_of_its_own_however_often(owner, presets, make_segment, segment_of):
    segment_id = make_segment()
    for _time in range(3):
        assert send(owner, f"{page_of(segment_id)}/copy", {}).status_code == 303

    rule = segment_of("Regulars").definition
    assert [segment_of(f"Copy of Regulars{more}").definition for more in ("", " 2", " 3")] == [rule] * 3


def test_in_one_but_not_in_the_other_is_one_press(owner, presets, make_segment, segment_of):
    regulars = make_segment()

    made = send(owner, f"{page_of(regulars)}/without", {"other": str(presets["defecting"])})

    page = owner.get(made.location).text
    assert "Regular Novak" in page
    assert "Gone Novak" not in page
    assert segment_of("Regulars − Defecting").size == 1


@pytest.mark.parametrize("other", ["", "x", "0", "9" * 30, "-1"])
def test_no_segment_to_leave_out_is_no_error_of_ours(owner, presets, make_segment, other):
    assert send(owner, f"{page_of(make_segment())}/without", {"other": other}).status_code in (404, 422)


def test_the_export_is_a_table_without_formulas(owner, database, cafe, presets, make_segment):
    with database.session(cafe.id) as session:
        make = Make(session)
        make.segment_member(presets["new"], make.member(external_id="evil", first_name="=1+1"))
        session.commit()

    answer = send(owner, f"{page_of(presets['new'])}/members.csv", {})

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert {row["number"]: row["first_name"] for row in rows} == {"newcomer": "Newcomer", "evil": "'=1+1"}
    assert ask(database.admin_url, "SELECT action FROM audit_entries ORDER BY id DESC LIMIT 1") == "segment.exported"


def test_managers_do_not_take_members_along(colleague, presets):
    manager = colleague("manager")
    token = form_token(manager, f"{LIST}new")

    answer = manager.post(f"{page_of(presets['new'])}/members.csv", data={"csrf_token": token})

    assert answer.status_code == 403


def test_another_cafes_segment_is_not_there(owner, open_cafe, database, presets):
    other = open_cafe("borealis")
    with database.session(other.id) as session:
        foreign = Make(session).segment(name="Theirs").id
        session.commit()

    assert owner.get(page_of(foreign)).status_code == 404
    assert owner.get(f"{page_of(foreign)}/edit").status_code == 404
    assert send(owner, f"{page_of(foreign)}/archive", {}).status_code == 404
    assert send(owner, f"{page_of(presets['new'])}/without", {"other": str(foreign)}).status_code == 404


def test_who_asks_for_incomplete_profiles_sees_what_is_missing(owner, guests, make_segment):
    segment_id = make_segment("Incomplete", {"fact": "member.completeness", "op": "lt", "value": 100})

    assert "birthday" in owner.get(page_of(segment_id)).text.lower().split("what is missing")[1]


def test_a_rule_that_cannot_be_answered_says_so_on_its_page_and_in_the_list(owner, guests, database, make_segment):
    segment_id = make_segment("Moody")
    gone = """'{"fact": "weather.mood", "op": "eq", "value": "sunny"}'"""
    change(database.admin_url, f"UPDATE segments SET failed_at = now(), definition = {gone} WHERE id = {segment_id}")

    assert "Its rule could not be answered" in owner.get(page_of(segment_id)).text
    assert "cannot be answered" in owner.get(LIST).text
    assert owner.get(f"{page_of(segment_id)}/edit").status_code == 200
