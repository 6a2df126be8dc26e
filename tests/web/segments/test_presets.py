"""The numbers of New, Top and Defecting: tried out before they are kept."""

from tests.web.conftest import form_token
from tests.web.segments.conftest import send

PAGE = "/cafes/aurora/settings/segments"


def test_the_three_stand_in_the_settings_with_their_numbers(owner, presets):
    page = owner.get(PAGE).text

    for field in ('id="new-days"', 'id="top-days"', 'id="defecting-days"', 'id="percent"', 'id="purchases"'):
        assert field in page
    assert "Ties at the border are all in" in page
    assert f'href="{PAGE}"' in owner.get("/cafes/aurora/settings/").text


def test_another_number_is_counted_before_it_is_kept(owner, presets, segment_of):
    found = send(owner, f"{PAGE}/new/found", {"days": "2"}).text

    assert "<b>0</b>" in found
    assert "now it is 1" in found
    assert segment_of("New").parameters == {"days": 30}


def test_all_three_numbers_of_top_can_be_tried(owner, presets):
    numbers = {"purchases": "2", "percent": "100", "days": "365"}

    assert "<b>2</b>" in send(owner, f"{PAGE}/top/found", numbers).text
    assert "<b>1</b>" in send(owner, f"{PAGE}/top/found", numbers | {"purchases": "3"}).text
    assert "<b>1</b>" in send(owner, f"{PAGE}/top/found", numbers | {"percent": "50"}).text
    assert "<b>1</b>" in send(owner, f"{PAGE}/top/found", numbers | {"days": "90"}).text


def test_saving_shrinks_the_list_at_once(owner, presets, segment_of):
    saved = send(owner, f"{PAGE}/new", {"days": "2"})

    assert saved.status_code == 303
    assert (segment_of("New").parameters, segment_of("New").size) == ({"days": 2}, 0)
    assert "Newcomer" not in owner.get(f"/cafes/aurora/segments/{presets['new']}").text


REFUSED = (
    ("new", {"days": ""}, "Say how many days."),
    ("new", {"days": "0"}, "From 1 to 3650 days."),
    ("new", {"days": "10000"}, "From 1 to 3650 days."),
    ("new", {"days": "two"}, "Write a whole number here, like 30."),
    ("top", {"days": "365", "purchases": "0", "percent": "10"}, "From 1 to 1000 purchases."),
    ("top", {"days": "365", "purchases": "2", "percent": "0"}, "From 0.01 to 100 percent."),
    ("top", {"days": "365", "purchases": "2", "percent": "a lot"}, "Write a number here, like 3."),
    ("defecting", {"days": "1.5"}, "Write a whole number here, like 30."),
)


def test_wrong_numbers_are_refused_beside_their_field_and_stay(owner, presets, segment_of):
    for preset, typed, words in REFUSED:
        answer = send(owner, f"{PAGE}/{preset}", typed)

        assert (answer.status_code, words in answer.text) == (422, True), (preset, typed)
        assert all(f'value="{value}"' in answer.text for value in typed.values())
        assert words in send(owner, f"{PAGE}/{preset}/found", typed).text
    assert segment_of("Top").parameters == {"purchases": 2, "percent": 10, "days": 365}


def test_a_comma_is_a_point_for_the_percentage(owner, presets, segment_of):
    send(owner, f"{PAGE}/top", {"days": "365", "purchases": "2", "percent": "7,5"})

    assert segment_of("Top").parameters["percent"] == 7.5


def test_there_are_only_three(owner, presets):
    assert send(owner, f"{PAGE}/bottom", {"days": "3"}).status_code == 404


def test_staff_do_not_change_the_numbers(colleague, presets):
    staff = colleague("staff")
    token = form_token(staff, "/cafes/aurora/segments/")

    assert staff.post(f"{PAGE}/new", data={"csrf_token": token, "days": "2"}).status_code == 403
