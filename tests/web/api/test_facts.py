"""The facts as programs read them."""

from domain.audience.facts import FACTS


def test_every_fact_is_told_with_what_may_be_asked_about_it(api):
    answer = api.get("/facts").json

    assert answer["next"] is None
    told = {each["name"]: each for each in answer["items"]}
    assert list(told) == list(FACTS)
    assert all(each["words"] and each["operators"] and each["type"] and "example" in each for each in told.values())
    count = told["purchases.count"]
    assert (count["type"], count["window"], count["family"]) == ("number", True, "purchases")
    assert {field["name"] for field in count["where"]} >= {"channel", "location", "product", "category", "hour"}
    assert told["tags"]["where"] is None


def test_a_fact_of_a_made_up_name_is_told_too(api):
    assert api.get("/facts/event.custom.tasting.count").json["type"] == "number"
    assert api.get("/facts/attributes.milk").json["type"] == "free"
    assert api.get("/facts/member.shoe_size").status_code == 404
