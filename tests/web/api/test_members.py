"""The members' room of the API."""

from tests.web.api.conftest import Caller

NORA = {"first_name": "Nora", "email": "Nora@Example.com", "phone": "0660 1234567", "birthday": "1990-12-31"}


def test_a_new_member_is_201_and_a_changed_one_200(api: Caller):
    made = api.put("/members/m-1", NORA)
    assert (made.status_code, made.json["phone"], made.json["email"]) == (201, "+436601234567", "Nora@example.com")
    assert made.json["completeness"] == {"percent": 80, "missing": ["last_name"]}
    assert made.json["balances"] == [{"currency": "points", "available": 0, "pending": 0}]

    changed = api.put("/members/m-1", {"last_name": "Huber", "birthday": None})
    assert (changed.status_code, changed.json["last_name"], changed.json["birthday"]) == (200, "Huber", None)
    assert changed.json["first_name"] == "Nora"
    assert api.get("/members/m-1").json == changed.json


def test_another_members_address_is_409_and_changes_nothing(api: Caller):
    api.put("/members/m-1", NORA | {"card": "4001"})
    for taken in ({"email": "nora@EXAMPLE.com"}, {"phone": "+436601234567"}, {"card": "4001"}):
        refused = api.put("/members/m-2", {"first_name": "Jo"} | taken)
        assert (refused.status_code, refused.json["errors"][0]["path"]) == (409, next(iter(taken)))
    assert api.get("/members/m-2").status_code == 404


def test_consents_need_a_source_and_a_no_stands_against_an_older_yes(api: Caller):
    yes, no = {"email": {"promotional": True}}, {"email": {"promotional": False}}
    assert api.put("/members/m-1", {"consents": yes}).status_code == 422
    older, newer = {"consent_at": "2026-03-04T12:00:00Z"}, {"consent_at": "2026-03-05T12:00:00Z"}
    opened = api.put("/members/m-1", {"consents": yes, "consent_source": "till form"} | newer)
    assert opened.json["consents"] == yes
    said = {"consent_source": "e-mail"}
    assert api.put("/members/m-1", {"consents": no} | older | said).json["consents"] == yes
    assert api.put("/members/m-1", {"consents": no} | said).json["consents"] == no
    assert api.put("/members/m-1", {"consents": yes} | said).json["consents"] == no
    assert api.put("/members/m-1", {"consents": yes, "consent_at": "2998-01-01T00:00:00Z"} | said).status_code == 422


BAD = (
    {"email": "Nora <nora@example.com>"},
    {"email": "a@example.com, b@example.com"},
    {"email": "nora@example.com\r\nBcc: all@example.com"},
    {"email": ""},
    {"email": 7},
    {"phone": "12"},
    {"phone": "+43 660 1234567 ext 5 6 7 8 9 0 1 2 3 4 5 6"},
    {"birthday": "1990-02-30"},
    {"birthday": "31.12.1990"},
    {"birthday": "0001-01-01"},
    {"joined_on": None},
    {"timezone": "Moon/Base"},
    {"timezone": "../../etc/passwd"},
    {"country": "Austria"},
    {"locale": "deutsch bitte"},
    {"first_name": "x" * 201},
    {"first_name": "two\nlines"},
    {"attributes": {"nested": {"a": 1}}},
    {"attributes": {"list": [1]}},
    {"attributes": {"": 1}},
    {"attributes": {"large": 2**60}},
    {"attributes": {f"a{number}": "x" * 4000 for number in range(5)}},
    {"consents": {"email": {"weather": True}}, "consent_source": "form"},
    {"consents": {"email": {"rewards": "yes"}}, "consent_source": "form"},
    {"consents": {"email": True}, "consent_source": "form"},
    {"external_id": "other"},
    {"tags": ["vip"]},
)


def test_what_cannot_be_is_422_and_nobody_is_enrolled(api: Caller):
    for body in BAD:
        refused = api.put("/members/m-1", body)
        assert (refused.status_code, refused.mimetype) == (422, "application/problem+json"), (body, refused.text)
        assert refused.json["errors"], body
    assert api.put(f"/members/{'x' * 256}", {}).status_code == 422
    assert api.get("/members").json["items"] == []


def test_attributes_are_plain_values(api: Caller):
    plain = {"beans": "Sidamo", "cups": 3, "milk": True, "strength": 0.5, "note": None}
    assert api.put("/members/m-1", {"attributes": plain}).json["attributes"] == plain
    assert api.put("/members/m-1", {"attributes": None}).json["attributes"] == {}


def test_an_erased_member_is_gone_for_everybody(api: Caller):
    api.put("/members/m-1", NORA)
    assert (api("DELETE", "/members/m-1").status_code, api("DELETE", "/members/m-1").status_code) == (204, 404)
    assert api.get("/members/m-1").status_code == api.get("/members/m-1/timeline").status_code == 404
    assert api.get("/members").json["items"] == []
    assert api.put("/members/m-2", NORA).status_code == 201


def test_completing_the_profile_empties_the_tag_and_the_segment_at_once(api: Caller):
    gaps = {"name": "Gaps", "definition": {"fact": "member.missing", "op": "is_set"}}
    api.post("/segments", gaps)
    made = api.put("/members/m-1", NORA).json
    assert made["tags"] == ["incompleteProfile"]
    assert [each["name"] for each in made["segments"]] == ["Gaps"]
    whole = api.put("/members/m-1", {"last_name": "Huber"}).json
    assert (whole["tags"], whole["segments"]) == ([], [])
    assert api.get("/members/m-1").json["tags"] == []
