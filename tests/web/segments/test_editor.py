"""The editor of segments, as it works without any script: every press keeps what was typed."""

import pytest

from tests.web.conftest import change, form_token
from tests.web.segments.conftest import ALL, COUNT, NEW, Form, send

RULE = {"name": "Regulars", **ALL, **COUNT}


def rule_of(answer) -> dict[str, list[str]]:
    return Form(answer.text).of_rule()


def test_a_press_keeps_all_that_was_typed(owner, guests):
    typed = RULE | {"t-0.days": "30", "t-0-w0.fact": "weekday", "t-0-w0.op": "in", "t-0-w0.value": ["monday", "friday"]}

    pressed = send(owner, NEW, typed | {"do": "add t"})

    assert pressed.status_code == 200
    assert 'value="Regulars"' in pressed.text
    assert rule_of(pressed) == {
        "t.joint": ["all"],
        "t-0.fact": ["purchases.count"],
        "t-0.op": ["gte"],
        "t-0.value": ["2"],
        "t-0.days": ["30"],
        "t-0-w0.fact": ["weekday"],
        "t-0-w0.op": ["in"],
        "t-0-w0.value": ["monday", "friday"],
    }


def test_a_group_stands_in_a_group_and_is_saved_as_one(owner, guests, definition_of):
    send(owner, NEW, RULE | {"do": "group t"})
    inner = {"t-1.joint": "any", "t-1-0.fact": "purchases.sum", "t-1-0.op": "gt", "t-1-0.value": "12,5"}
    none = {"t-1-1.joint": "none", "t-1-1-0.fact": "member.birthday", "t-1-1-0.op": "is_set"}

    saved = send(owner, NEW, RULE | inner | none)

    assert saved.status_code == 303
    assert definition_of("Regulars") == {
        "all": [
            {"fact": "purchases.count", "op": "gte", "value": 2},
            {
                "any": [
                    {"fact": "purchases.sum", "op": "gt", "value": "12.50"},
                    {"not": {"fact": "member.birthday", "op": "is_set"}},
                ]
            },
        ]
    }


def test_what_was_saved_is_what_the_editor_shows_again(owner, guests, segment_of):
    typed = RULE | {
        "t-0.days": "60",
        "t-1.joint": "none",
        "t-1-0.fact": "member.first_name",
        "t-1-0.op": "in",
        "t-1-0.value": "Nora\nOlga",
        "t-1-1.fact": "purchases.last_at",
        "t-1-1.op": "between",
        "t-1-1.value": ["2026-01-01", "2026-03-31"],
    }
    send(owner, NEW, typed)

    again = owner.get(f"/cafes/aurora/segments/{segment_of('Regulars').id}/edit")

    shown = {name: values if len(values) > 1 else values[0] for name, values in rule_of(again).items()}
    assert shown == {name: value for name, value in typed.items() if name != "name"}


def test_a_condition_is_removed_and_the_others_move_up(owner, guests):
    other = {"t-1.fact": "purchases.sum", "t-1.op": "gt", "t-1.value": "5"}
    for action, left in (
        ("remove t-0", ["purchases.sum"]),
        ("remove t-1", ["purchases.count"]),
        ("remove t-7", ["purchases.count", "purchases.sum"]),
    ):
        rule = rule_of(send(owner, NEW, RULE | other | {"do": action}))

        assert [rule[f"t-{number}.fact"][0] for number in range(len(left))] == left
        assert f"t-{len(left)}.fact" not in rule


REFUSED = (
    ({"t-0.value": "many"}, "Write a number here, like 3."),
    ({"t-0.value": ""}, "Say how much or how many."),
    ({"t-0.days": "0"}, "Say how many days: 1 to 3,650."),
    ({"t-0.days": "10000"}, "Say how many days: 1 to 3,650."),
    ({"t-0.days": "soon"}, "Say how many days: 1 to 3,650."),
    ({"t-0.op": "between", "t-0.value": ["9", "3"]}, "The first one is the smaller one: turn them round."),
    ({"t-0.fact": "purchases.sum", "t-0.value": "12.345"}, "Write an amount of money, like €12.50."),
    ({"t-0.fact": "purchases.last_at", "t-0.op": "before", "t-0.value": "31.12."}, "Choose a date."),
    ({"t-0.fact": "purchases.last_at", "t-0.op": "within_days", "t-0.value": "x"}, "Say how many days: 0 to 3,650."),
    ({"t-0.fact": "tags", "t-0.op": "in", "t-0.value": []}, "Choose at least one."),
    ({"t-0.fact": ""}, "Choose what you want to know."),
    ({"t-0.fact": "shoe.size"}, "This cannot be asked any more: choose something else."),
    ({"t-0-w0.fact": "hour", "t-0-w0.op": "eq", "t-0-w0.value": "noon"}, "Write a number here, like 3."),
    ({"name": " "}, "Give it a name."),
)


def test_what_cannot_be_is_refused_beside_its_field_and_stays(owner, guests, definition_of):
    token = form_token(owner, NEW)
    for typed, words in REFUSED:
        answer = owner.post(NEW, data={"csrf_token": token, **RULE, **typed})

        assert (answer.status_code, words in answer.text) == (422, True), typed
        assert 'aria-invalid="true"' in answer.text
        kept = [value for name, value in typed.items() if name.endswith(".value") and isinstance(value, str) and value]
        assert [value for value in kept if value not in answer.text] == []
    assert definition_of("Regulars") is None


def test_an_empty_rule_and_an_empty_group_say_what_to_do(owner, guests):
    answer = send(owner, NEW, {"name": "Nobody", "t.joint": "all", "t-0.joint": "any"})

    assert answer.status_code == 422
    assert "This group is empty: add a condition, or remove it." in answer.text
    assert "Nothing is asked here yet" in send(owner, NEW, {"name": "Nobody", "t.joint": "all"}).text


def test_a_tag_that_is_gone_is_told_and_still_shown(owner, guests, definition_of):
    answer = send(owner, NEW, {"name": "Tagged", **ALL, "t-0.fact": "tags", "t-0.op": "contains", "t-0.value": "vips"})

    assert answer.status_code == 422
    assert "This is no longer there: choose another." in answer.text
    assert rule_of(answer)["t-0.value"] == ["vips"]
    assert definition_of("Tagged") is None


def test_segments_cannot_ask_for_each_other_in_a_circle(owner, guests, make_segment):
    first = make_segment("First")
    second = make_segment("Second", {"fact": "segments", "op": "contains", "value": first})
    typed = {"name": "First", **ALL, "t-0.fact": "segments", "t-0.op": "contains", "t-0.value": str(second)}

    answer = send(owner, f"/cafes/aurora/segments/{first}/edit", typed)

    assert answer.status_code == 422
    assert "That segment asks for this one in turn: choose another." in answer.text
    assert rule_of(answer)["t-0.value"] == [str(second)]


def test_a_segment_is_not_offered_to_itself(owner, guests, make_segment):
    first = make_segment("First", {"fact": "segments", "op": "contains", "value": make_segment("Second")})

    page = owner.get(f"/cafes/aurora/segments/{first}/edit").text

    assert ">Second</option>" in page
    assert ">First</option>" not in page


def many(number: int) -> dict[str, str]:
    return {
        f"t-{each}.{part}": value
        for each in range(number)
        for part, value in (("fact", "purchases.count"), ("op", "gte"), ("value", str(each)))
    }


def test_two_hundred_conditions_are_refused_in_words_and_all_of_them_stay(owner, guests, definition_of):
    answer = send(owner, NEW, {"name": "Much", **ALL, **many(200)})

    assert answer.status_code == 422
    assert "At most 100 questions at a time, this asks 200." in answer.text
    assert rule_of(answer)["t-199.value"] == ["199"]
    assert definition_of("Much") is None


def test_a_hundred_conditions_are_saved(owner, guests, definition_of):
    assert send(owner, NEW, {"name": "Much", **ALL, **many(100)}).status_code == 303
    assert len(definition_of("Much")["all"]) == 100


ODD = (
    many(2000),
    {f"t{'-0' * depth}.joint": "all" for depth in range(14)},
    {"t-0.fact": "purchases.count", "t-0-0.fact": "purchases.sum", "t-0-w0.joint": "any", "t-0-w0-w0.fact": "hour"},
    {"t.joint": "perhaps", "t-0.fact": "x" * 9000, "t-9999.fact": "tags"},
    {"t.fact": "tags", "t-0.value": "\u0661\u0662"},
    {**ALL, **COUNT, "t-0.value": "1e999999"},
    {**ALL, **COUNT, "t-0.value": "9" * 400},
    {**ALL, **COUNT, "t-0.days": "9" * 5000},
    {**ALL, "t-0.fact": "segments", "t-0.op": "contains", "t-0.value": "9" * 30},
    {**ALL, "t-0.fact": "purchases.last_at", "t-0.op": "after", "t-0.value": "9999-12-31"},
    {**ALL, "t-0.fact": "member.birthday", "t-0.op": "eq", "t-0.value": "0000-00-00"},
)
PRESSES = ({}, {"do": "add t"}, {"do": "remove t"}, {"do": "narrow t-0", "at": "t-0"})


@pytest.mark.parametrize("url", [NEW, "/cafes/aurora/segments/found", "/cafes/aurora/segments/part"])
def test_no_form_breaks_the_page(owner, guests, url):
    token = form_token(owner, NEW)
    for typed in ODD:
        for pressed in PRESSES:
            answer = owner.post(url, data={"csrf_token": token, "name": "Odd", **typed, **pressed})
            assert answer.status_code in (200, 303, 413, 422), (typed, pressed)


def test_beside_the_form_stand_the_sentence_and_the_waterfall(owner, guests):
    found = send(owner, "/cafes/aurora/segments/found", ALL | COUNT, headers={"HX-Request": "true"}).text

    assert "Guests who bought at least twice." in found or "Guests who bought at least 2 times." in found
    assert "2 guests · 0 reachable by SMS" in found
    for name in ("Regular N.", "Gone N."):
        assert name in found


def test_a_condition_that_is_not_finished_is_left_out_and_told(owner, guests):
    typed = ALL | COUNT | {"t-1.fact": "purchases.sum", "t-1.op": "gt"}

    found = send(owner, "/cafes/aurora/segments/found", typed).text

    assert "One condition is not finished and is left out here: Say how much or how many." in found


def test_when_the_fact_changes_only_its_own_inputs_come_anew(owner, guests):
    typed = ALL | {"t-0.fact": "purchases.sum", "t-0.op": "gte", "at": "t-0"}

    part = send(owner, "/cafes/aurora/segments/part", typed, headers={"HX-Request": "true"}).text

    assert 'id="t-0-asked"' in part
    assert "EUR" in part
    assert "t-0-fact" not in part


def test_an_idea_opens_in_the_editor_ready_to_save(owner, guests, definition_of):
    page = owner.get(f"{NEW}?idea=no_second")
    fields = Form(page.text)
    rule = {name: values if len(values) > 1 else values[0] for name, values in fields.of_rule().items()}

    assert send(owner, NEW, {"name": "Joined, but never bought", **rule}).status_code == 303
    assert definition_of("Joined, but never bought") == {
        "all": [
            {"fact": "purchases.count", "op": "eq", "value": 0},
            {"fact": "member.joined_on", "op": "more_than_days_ago", "value": 14},
        ]
    }


def test_staff_may_look_but_not_build(colleague, guests, make_segment):
    staff, segment_id = colleague("staff"), make_segment()

    assert staff.get(f"/cafes/aurora/segments/{segment_id}").status_code == 200
    assert staff.get(NEW).status_code == 403
    token = form_token(staff, "/cafes/aurora/segments/")
    typed = {"csrf_token": token, **RULE}
    assert staff.post(NEW, data=typed).status_code == 403


def test_a_name_that_another_segment_has_is_told_beside_the_name(owner, guests, make_segment):
    make_segment("Regulars")

    answer = send(owner, NEW, RULE)

    assert answer.status_code == 422
    assert "Another segment has this name." in answer.text


def test_the_words_are_german_for_german_readers(owner, database, guests):
    change(database.admin_url, "UPDATE users SET locale = 'de'")

    answer = send(owner, NEW, RULE | {"t-0.value": "viele"})

    assert "Schreiben Sie hier eine Zahl, etwa 3." in answer.text
    assert "Gäste, für die" in answer.text
