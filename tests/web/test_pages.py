"""The pages of a café full of life and of an empty one, in both languages, and what its owner does on them."""

import re

import pytest

from tests.web.conftest import ask, change, form_token, sign_in

PAGES = (
    "/", "/members/", "/members/?q=anna", "/members/?q=nobody", "/members/new", "/members/AUR-00001",
    "/members/AUR-00001?tab=points", "/members/AUR-00001/edit", "/members/AUR-00001/erase",
    "/members/AUR-00001/consents", "/members/AUR-00001/twin", "/members/duplicates/",
    "/members/merge?keep=AUR-00001&with=AUR-00002", "/tags/", "/tags/1", "/tags/new", "/tags/new/by-rule",
    "/rewards/", "/rewards/new", "/rewards/1", "/messages/",
    "/messages/?state=skipped&channel=sms", "/settings/", "/settings/locations", "/settings/locations/1",
    "/settings/points", "/settings/points/rules/1", "/settings/points/rules/new", "/settings/gateways",
    "/settings/gateways/new/smtp", "/settings/gateways/new/sendgrid", "/settings/gateways/new/gupshup",
    "/settings/limits", "/settings/connectors", "/settings/connectors/new", "/settings/keys",
    "/settings/keys/new",
)  # fmt: skip
IN_AN_EMPTY_CAFE = ("/", "/members/", "/rewards/", "/messages/", "/settings/gateways", "/settings/connectors")


@pytest.fixture
def browser_of(client, lively):
    """Looks at a page of the café full of life as its owner: text of the answer, once it is a good one."""
    sign_in(client, lively.email, lively.password)

    def look(path):
        answer = client.get(f"/cafes/aurora{path}")
        assert answer.status_code == 200, path
        return answer.get_data(as_text=True)

    return look


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_of_a_cafe_full_of_life_is_there_in_the_person_s_language(browser_of, database, language):
    change(database.url, f"UPDATE users SET locale = '{language}'")

    for path in PAGES:
        assert f'<html lang="{language}"' in browser_of(path), path


def test_an_empty_cafe_teaches_the_next_step(owner):
    for path in IN_AN_EMPTY_CAFE:
        page = owner.get(f"/cafes/aurora{path}").get_data(as_text=True)
        assert "rg-empty" in page, path
        assert re.search(r'class="rg-empty".*?<a class="btn', page, re.DOTALL), path


def test_a_person_chooses_the_language_of_their_pages(owner):
    token = form_token(owner, "/cafes/aurora/")
    answer = owner.post("/language", data={"csrf_token": token, "language": "de"}, follow_redirects=True)
    assert answer.status_code == 200

    assert "Mitglieder" in owner.get("/cafes/aurora/").get_data(as_text=True)
    assert owner.post("/language", data={"csrf_token": token, "language": "tlh"}).status_code == 404


def test_a_gateway_is_tried_and_the_page_says_how_it_went(browser_of, client, lively, mail):
    token = form_token(client, "/cafes/aurora/settings/gateways")
    answer = client.post("/cafes/aurora/settings/gateways/1/test", data={"csrf_token": token}, follow_redirects=True)

    assert "It works." in answer.get_data(as_text=True)
    assert [each.to for each in mail.received] == [lively.email]


def test_a_gateway_that_refuses_says_why(browser_of, client, mail):
    mail.say("RCPT", "550 5.7.1 We do not know you")
    token = form_token(client, "/cafes/aurora/settings/gateways")
    answer = client.post("/cafes/aurora/settings/gateways/1/test", data={"csrf_token": token}, follow_redirects=True)

    page = answer.get_data(as_text=True)
    assert "It did not work." in page
    assert "We do not know you" in page


def test_a_mail_server_we_may_not_reach_is_refused_beside_its_field(owner):
    token = form_token(owner, "/cafes/aurora/settings/gateways/new/smtp")
    form = {"csrf_token": token, "host": "127.0.0.1", "port": "25", "protection": "smtps", "sender": "hello@a.example"}
    refused = owner.post("/cafes/aurora/settings/gateways/new/smtp", data=form)

    assert refused.status_code == 422
    assert "We may not connect to this address." in refused.get_data(as_text=True)
    assert 'value="127.0.0.1"' in refused.get_data(as_text=True)


def test_long_lists_go_on_page_by_page_until_everybody_was_seen(browser_of):
    seen, path = [], "/members/"
    while path:
        page = browser_of(path)
        seen += re.findall(r"<small>(AUR-\d+)</small>", page)
        further = re.search(r'href="/cafes/aurora([^"]+)" rel="next"', page)
        path = further and further[1].replace("&amp;", "&")

    assert len(seen) == len(set(seen)) == 60


def test_a_reward_that_is_not_right_keeps_what_was_typed_and_says_what_to_do(owner, database):
    token = form_token(owner, "/cafes/aurora/rewards/new")
    goal = {"name": "Free cake", "kind": "item", "item": "cake", "threshold": "", "currency": "points"}
    words = {"enabled": "y", "sms": "y", "sms_body": "Hi {{ member.frist_name }}", "delay_minutes": "0", "quiet": ""}
    answer = owner.post("/cafes/aurora/rewards/new", data={"csrf_token": token, **goal, **words})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Say at how many points." in page
    assert 'value="Free cake"' in page
    assert "Hi {{ member.frist_name }}" in page
    assert ask(database.owner_url, "SELECT count(*) FROM rewards") == 0


def test_a_reward_may_keep_a_quiet_group_and_says_what_became_of_its_messages(owner, database, make_here, shop):
    reward = make_here.reward(channels=["email"])
    for state, reason in (("skipped", "control_group"), ("sent", None)):
        make_here.message(cause=f"reward:{reward.id}", state=state, reason=reason)
    shop.commit()
    page, goal = f"/cafes/aurora/rewards/{reward.id}", {"name": "Coffee", "kind": "item", "item": "coffee"}
    typed = goal | {"threshold": "10", "currency": "points", "delay_minutes": "0", "quiet": ""}

    shown = owner.get(page).get_data(as_text=True)
    assert "What became of its messages" in shown
    assert "Held back: in the quiet group" in shown
    for percent, status, kept in (("51", 422, 0), ("20", 303, 20)):
        more = {"csrf_token": form_token(owner, page), "control_group_percent": percent}
        assert owner.post(page, data=typed | more).status_code == status
        assert ask(database.owner_url, "SELECT control_group_percent FROM rewards") == kept
