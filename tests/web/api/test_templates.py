"""Templates through the API."""

import pytest

from tests.web.api.conftest import Caller


def test_a_text_is_saved_changed_and_previewed_with_a_real_member(api: Caller):
    made = api.post("/templates", {"name": "Hello", "channel": "sms", "body": "Hi {{ member.first_name }}!"})
    assert made.status_code == 201, made.json
    assert api.get(f"/templates/{made.json['id']}").json == made.json

    changed = api(
        "PATCH", f"/templates/{made.json['id']}", json={"body": "Servus {{ member.first_name }}, {{ reward.discount }}"}
    )
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    api.put("/members/m-1", {"first_name": "Nora", "phone": "+436601234567"})
    shown = api.post(f"/templates/{made.json['id']}/preview", {"member": {"external_id": "m-1"}})
    assert shown.json == {"text": "Servus Nora, 10%", "encoding": "GSM-7", "units": 16, "parts": 1}


def test_a_preview_counts_the_link_of_a_text_as_it_leaves_and_shows_the_address(api: Caller):
    made = api.post("/templates", {"name": "Menu", "channel": "sms", "body": "Menu: https://a.at"})
    counted = len("Menu: http://localhost:8000/c/") + 32
    shown = api.post(f"/templates/{made.json['id']}/preview", {}).json

    assert shown["text"] == "Menu: https://a.at"
    assert counted - 2 <= shown["units"] <= counted


def test_an_email_preview_has_subject_html_and_text(api: Caller):
    made = api.post(
        "/templates", {"name": "Mail", "channel": "email", "subject": "For {{ member.first_name }}", "body": "A & B"}
    )
    shown = api.post(f"/templates/{made.json['id']}/preview", {})
    assert set(shown.json) == {"subject", "html", "text"}
    assert shown.json["subject"] == "For Leonie"
    assert "A &amp; B" in shown.json["html"]


def test_a_whatsapp_template_says_which_approved_wording_it_is(api: Caller):
    body = {"name": "Hello", "channel": "whatsapp", "body": "Hi {{ member.first_name }}!", "approved_as": "c6ae-40"}
    made = api.post("/templates", body)
    assert (made.status_code, made.json["approved_as"]) == (201, "c6ae-40")
    path = f"/templates/{made.json['id']}"

    assert api("PATCH", path, json={"name": "Hello again"}).json["approved_as"] == "c6ae-40"
    assert api("PATCH", path, json={"approved_as": None}).json["approved_as"] is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"channel": "sms"}, "approved_as"),
        ({"approved_as": "my wording"}, "approved_as"),
        ({"body": "Hi{% if member.first_name %} {{ member.first_name }}{% endif %}!"}, "body"),
    ],
)
def test_what_cannot_be_an_approved_wording_is_refused_beside_its_field(api: Caller, change, path):
    body = {"name": "Hello", "channel": "whatsapp", "body": "Hi {{ member.first_name }}!", "approved_as": "c6ae-40"}
    refused = api.post("/templates", body | change)

    assert (refused.status_code, refused.json["errors"][0]["path"]) == (422, path)


def test_an_unknown_placeholder_is_refused_beside_its_field(api: Caller):
    refused = api.post("/templates", {"name": "Hello", "channel": "sms", "body": "Hi {{ member.frist_name }}!"})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["path"] == "body"
