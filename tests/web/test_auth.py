"""Signing in, out, and changing the password."""

import pytest

from tests.web.conftest import ask, change, form_token, sign_in

WRONG = "This address and this password do not belong together."


def test_the_right_password_opens_the_cafe(client, cafe):
    answer = sign_in(client, cafe.email, cafe.password)

    assert answer.status_code == 303
    assert client.get("/cafes/").location == "/cafes/aurora/"


def test_an_address_is_compared_without_case_and_blanks(client, cafe):
    assert sign_in(client, f" {cafe.email.upper()} ", cafe.password).status_code == 303


def test_unknown_address_and_wrong_password_read_the_same(client, cafe):
    unknown = sign_in(client, "nobody@aurora.example", "some password")
    wrong = sign_in(client, cafe.email, "some password")

    assert unknown.status_code == wrong.status_code == 422
    assert WRONG in unknown.get_data(as_text=True)
    assert WRONG in wrong.get_data(as_text=True)


def test_somebody_switched_off_reads_like_a_wrong_password(client, cafe, database):
    change(database.url, "UPDATE users SET disabled_at = now()")

    assert WRONG in sign_in(client, cafe.email, cafe.password).get_data(as_text=True)


def test_without_the_form_token_nothing_happens(client, cafe):
    answer = client.post("/sign-in", data={"email": cafe.email, "password": cafe.password})

    assert answer.status_code == 400
    assert client.get("/cafes/").status_code == 303


def test_a_form_from_another_site_is_refused(client, cafe):
    form = {"csrf_token": form_token(client), "email": cafe.email, "password": cafe.password}

    assert client.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/sign-in", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/sign-in", data=form, headers={"Origin": "null"}).status_code == 303


def test_signing_in_makes_a_new_session_and_form_token(client, cafe):
    before = form_token(client)
    with client.session_transaction() as session:
        raw_before = session["csrf_token"]
    sign_in(client, cafe.email, cafe.password)
    answer = client.post("/sign-out", data={"csrf_token": before})

    assert answer.status_code == 400
    with client.session_transaction() as session:
        assert session.get("csrf_token") != raw_before


def test_signing_out_ends_the_session_everywhere_its_cookie_was_copied(app, owner):
    copied = owner.get_cookie("regulars").value
    owner.post("/sign-out", data={"csrf_token": form_token(owner, "/password")})
    thief = app.test_client()
    thief.set_cookie("regulars", copied)

    assert thief.get("/password").status_code == 303


def test_changing_the_password_ends_all_other_sessions(app, owner, cafe):
    elsewhere = app.test_client()
    sign_in(elsewhere, cafe.email, cafe.password)
    assert elsewhere.get("/password").status_code == 200

    form = {"csrf_token": form_token(owner, "/password"), "current": cafe.password, "new": "three words together"}
    assert owner.post("/password", data=form).status_code == 303

    assert elsewhere.get("/password").status_code == 303
    assert owner.get("/password").status_code == 200
    assert sign_in(app.test_client(), cafe.email, cafe.password).status_code == 422
    assert sign_in(app.test_client(), cafe.email, "three words together").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("not mine", "three words together", "This is not your password."),
        (None, "short", "at least 10 characters"),
        (None, "1234567890", "Everybody would try this one first"),
    ],
)
def test_a_bad_new_password_is_refused_beside_its_field(owner, cafe, current, new, words):
    form = {"csrf_token": form_token(owner, "/password"), "current": current or cafe.password, "new": new}
    answer = owner.post("/password", data=form)

    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


@pytest.mark.parametrize("following", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "x"])
def test_signing_in_never_leads_to_another_host(client, cafe, following):
    answer = sign_in(client, cafe.email, cafe.password, next=following)

    assert answer.location == "/cafes/"


def test_signing_in_leads_back_to_where_one_was_going(client, cafe):
    asked = client.get("/password?x=1")
    assert asked.location == "/sign-in?next=/password?x%3D1"

    assert sign_in(client, cafe.email, cafe.password, next="/password?x=1").location == "/password?x=1"


def test_guessing_one_account_is_slowed_down(client, cafe):
    answers = [sign_in(client, cafe.email, f"guess {number}") for number in range(9)]

    assert [answer.status_code for answer in answers] == [422] * 8 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert sign_in(client, cafe.email, cafe.password).status_code == 429


def test_guessing_many_accounts_from_one_address_is_slowed_down(app, client, cafe):
    token = form_token(client)
    statuses = [
        client.post("/sign-in", data={"csrf_token": token, "email": f"{n}@x.example", "password": "x"}).status_code
        for n in range(41)
    ]

    assert statuses == [422] * 40 + [429]
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    form = {"csrf_token": token, "email": cafe.email, "password": cafe.password}
    assert client.post("/sign-in", data=form, environ_overrides=elsewhere).status_code == 303


def test_signing_in_rightly_never_uses_the_attempts_up(client, cafe):
    for _ in range(10):
        client.delete_cookie("regulars")
        assert sign_in(client, cafe.email, cafe.password).status_code == 303


def test_a_session_left_alone_for_a_day_is_over(owner, database):
    change(database.url, "UPDATE user_sessions SET last_seen_at = now() - interval '25 hours'")

    assert owner.get("/password").status_code == 303


def test_a_session_ends_after_two_weeks_however_busy(owner, database):
    change(database.url, "UPDATE user_sessions SET created_at = now() - interval '15 days'")

    assert owner.get("/password").status_code == 303


def test_a_session_in_use_notes_it(owner, database):
    change(database.url, "UPDATE user_sessions SET last_seen_at = now() - interval '2 hours'")
    owner.get("/password")

    assert ask(database.url, "SELECT now() - last_seen_at < interval '1 minute' FROM user_sessions")


def test_asked_again_the_password_makes_the_session_fresh(owner, cafe, database):
    change(database.url, "UPDATE user_sessions SET fresh_at = now() - interval '1 day'")
    form = {"csrf_token": form_token(owner, "/sign-in/again"), "password": cafe.password}
    answer = owner.post("/sign-in/again?next=/password", data=form)

    assert (answer.status_code, answer.location) == (303, "/password")
    assert ask(database.url, "SELECT now() - fresh_at < interval '1 minute' FROM user_sessions")


def test_the_cookie_is_for_this_host_and_no_script(client):
    cookie = client.get("/sign-in").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
