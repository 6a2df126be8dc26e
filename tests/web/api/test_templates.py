"""Templates through the API."""

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


def test_an_unknown_placeholder_is_refused_beside_its_field(api: Caller):
    refused = api.post("/templates", {"name": "Hello", "channel": "sms", "body": "Hi {{ member.frist_name }}!"})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["path"] == "body"
