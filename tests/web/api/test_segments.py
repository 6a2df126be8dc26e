"""Segments through the API: made, asked, followed by the members of a purchase."""

import pytest

from domain.tenant_scope import tenant_scope
from tasks import queues, segments
from tests.web.api.conftest import Caller, new_key, open_cafe
from tests.web.api.test_purchases import at, sale

READY_MADE = 5
REGULAR = {"fact": "purchases.count", "op": "gte", "value": 2, "window_days": 30}


@pytest.fixture
def guests(api):
    """Two members: nora bought twice, olga once."""
    for name in ("nora", "olga"):
        api.put(f"/members/{name}", {"first_name": name.title(), "email": f"{name}@example.com"})
    for number, name in enumerate(("nora", "nora", "olga")):
        member = {"external_id": name}
        bought = sale(external_id=f"r-{number}", member=member, amount=f"{number + 1}0.00", occurred_at=at())
        api.post("/purchases", bought)


@pytest.fixture
def presets(api):
    """The ids of the three presets."""
    return {each["preset"]: each["id"] for each in api.get("/segments").json["items"] if each["preset"]}


def look(app, cafe):
    """What a worker does within seconds."""
    with app.app_context(), tenant_scope(cafe.id):
        segments.run(slices=10)


def names(response):
    return [each["external_id"] for each in response.json["items"]]


def test_a_new_cafe_has_the_three_presets_with_their_usual_numbers(api):
    found = {each["preset"]: each["parameters"] for each in api.get("/segments").json["items"] if each["preset"]}

    assert found == {
        "new": {"days": 30},
        "top": {"purchases": 2, "percent": 10, "days": 365},
        "defecting": {"days": 90},
    }


def test_a_purchase_shows_in_segments_and_at_its_member(app, cafe, api, guests, presets):
    look(app, cafe)

    assert names(api.get(f"/segments/{presets['new']}/members")) == ["olga"]
    assert names(api.get(f"/segments/{presets['top']}/members")) == ["nora"]
    assert {"id": presets["new"], "name": "New"} in api.get("/members/olga").json["segments"]
    assert api.get(f"/segments/{presets['new']}").json["size"] == 1


def test_members_are_stored_when_a_segment_is_made(api, guests):
    made = api.post("/segments", {"name": "Regulars", "definition": {"all": [REGULAR]}})

    assert made.status_code == 201
    assert made.json["size"] == 1
    inside = api.get(f"/segments/{made.json['id']}/members").json["items"]
    assert [(each["external_id"], each["first_name"]) for each in inside] == [("nora", "Nora")]
    assert inside[0]["since"] == made.json["created_at"]


def test_members_follow_when_a_segment_is_changed(app, cafe, api, guests, presets):
    look(app, cafe)
    changed = api("PATCH", f"/segments/{presets['top']}", json={"parameters": {"percent": 100, "purchases": 1}})

    assert changed.json["parameters"] == {"purchases": 1, "percent": 100, "days": 365}
    assert names(api.get(f"/segments/{presets['top']}/members")) == ["nora", "olga"]


def test_segments_that_ask_for_a_changed_one_follow_it(api, guests, presets):
    asked = {"fact": "segments", "op": "contains", "value": presets["top"]}
    made = api.post("/segments", {"name": "Not top", "definition": {"not": asked}}).json
    assert made["size"] == 2
    api("PATCH", f"/segments/{presets['top']}", json={"parameters": {"percent": 100, "purchases": 1}})

    assert api.get(f"/segments/{made['id']}").json["size"] == 0


def test_a_preview_counts_and_shows_up_to_three_and_keeps_nothing(api, guests):
    found = api.post("/segments/preview", {"preset": "top", "parameters": {"purchases": 1, "percent": 100}}).json
    assert found["count"] == 2
    assert [each["external_id"] for each in found["sample"]] == ["nora", "olga"]

    found = api.post("/segments/preview", {"definition": REGULAR}).json
    assert (found["count"], found["sample"][0]["since"]) == (1, None)
    assert len(api.get("/segments").json["items"]) == READY_MADE


def test_members_come_in_pages(api, guests):
    made = api.post("/segments", {"name": "All", "definition": {"fact": "purchases.count", "op": "gte", "value": 1}})
    path = f"/segments/{made.json['id']}/members"
    first = api.get(f"{path}?limit=1")

    assert names(first) == ["nora"]
    assert names(api.get(f"{path}?limit=1&cursor={first.json['next']}")) == ["olga"]


def test_two_segments_in_use_never_share_a_name(api, presets):
    assert api.post("/segments", {"name": "new", "preset": "new"}).status_code == 409
    assert api("PATCH", f"/segments/{presets['top']}", json={"name": "NEW"}).status_code == 409

    assert api("DELETE", f"/segments/{presets['new']}").status_code == 204
    assert api.get(f"/segments/{presets['new']}").status_code == 404
    assert api.post("/segments", {"name": "new", "preset": "new"}).status_code == 201


def test_a_segment_that_another_asks_for_stays(api, presets):
    asked = {"fact": "segments", "op": "contains", "value": presets["top"]}
    api.post("/segments", {"name": "The best", "definition": asked})
    refused = api("DELETE", f"/segments/{presets['top']}")

    assert refused.status_code == 409
    assert "The best" in refused.json["detail"]


def test_segments_never_ask_for_each_other_in_a_circle(api, presets):
    def asking(segment_id):
        return {"definition": {"any": [{"fact": "segments", "op": "in", "value": [segment_id]}]}}

    first = api.post("/segments", {"name": "First", **asking(presets["new"])}).json
    second = api.post("/segments", {"name": "Second", **asking(first["id"])}).json
    for own in (first["id"], second["id"]):
        refused = api("PATCH", f"/segments/{first['id']}", json=asking(own))
        assert refused.status_code == 422
        assert refused.json["errors"][0]["path"] == "definition.any.0.value"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "A"}, "definition"),
        ({"name": "A", "preset": "new", "definition": REGULAR}, "definition"),
        ({"name": "A", "preset": "regulars"}, "preset"),
        ({"name": "A", "preset": "new", "parameters": {"days": 0}}, "parameters.days"),
        ({"name": "A", "preset": "new", "parameters": {"days": 10_000}}, "parameters.days"),
        ({"name": "A", "preset": "top", "parameters": {"percent": "10"}}, "parameters.percent"),
        ({"name": "A", "definition": REGULAR, "parameters": {"days": 3}}, "parameters"),
        ({"name": "A", "definition": {**REGULAR, "window_days": 10_000}}, "definition.window_days"),
        ({"name": "A", "definition": {"fact": "segments", "op": "is_set"}}, "definition.op"),
        ({"name": "A", "definition": {"fact": "segments", "op": "contains", "value": 404}}, "definition.value"),
        ({"name": " ", "preset": "new"}, "name"),
        ({"preset": "new"}, "name"),
        ({"name": "A", "preset": "new", "size": 3}, "size"),
    ],
)
def test_what_cannot_be_asked_is_refused_beside_its_field(api, body, path):
    refused = api.post("/segments", body)

    assert refused.status_code == 422
    assert [error["path"] for error in refused.json["errors"]] == [path]
    assert len(api.get("/segments").json["items"]) == READY_MADE


def test_who_has_one_tag_but_not_another_is_whom_the_preview_showed(app, cafe, api, guests):
    api.put("/members/olga", {"last_name": "Novak", "phone": "+4366412345678", "birthday": "1991-05-17"})
    look(app, cafe)
    asked = {
        "all": [
            {"fact": "tags", "op": "contains", "value": "revenueWithinLast6Month"},
            {"not": {"fact": "tags", "op": "contains", "value": "incompleteProfile"}},
        ]
    }

    shown = api.post("/segments/preview", {"definition": asked}).json
    made = api.post("/segments", {"name": "Complete", "definition": asked}).json

    stored = names(api.get(f"/segments/{made['id']}/members"))
    assert stored == [each["external_id"] for each in shown["sample"]] == ["olga"]
    assert made["size"] == shown["count"] == 1


def test_numbers_of_a_question_of_ones_own_cannot_be_changed(api, guests):
    made = api.post("/segments", {"name": "Regulars", "definition": REGULAR}).json
    refused = api("PATCH", f"/segments/{made['id']}", json={"parameters": {"days": 3}})

    assert refused.status_code == 422


def test_another_cafes_segment_is_not_there(app, database, api, presets):
    other = Caller(app.test_client(), open_cafe(database, "borealis").key)
    for path in (f"/segments/{presets['new']}", f"/segments/{presets['new']}/members"):
        assert other.get(path).status_code == 404
    assert other("PATCH", f"/segments/{presets['new']}", json={"name": "Mine"}).status_code == 404
    asked = {"fact": "segments", "op": "contains", "value": presets["new"]}
    assert other.post("/segments/preview", {"definition": asked}).status_code == 422


def test_scopes_open_only_what_they_say(app, database, cafe, presets):
    reader = Caller(app.test_client(), new_key(database, cafe, "messages:read"))
    assert reader.get("/segments").status_code == 200
    assert reader.get(f"/segments/{presets['new']}/members").status_code == 403
    assert reader.post("/segments/preview", {"preset": "new"}).status_code == 403
    assert reader.post("/segments", {"name": "A", "preset": "new"}).status_code == 403


def test_a_purchase_wakes_whoever_looks_after_segments(app, cafe, api, guests):
    with app.app_context():
        waiting = [(job.func_name, job.args) for job in queues.queue("compute").jobs]
    assert waiting == [("tasks.segments.keep_up", [cafe.id])]
