"""What every answer says to the browser about trust."""

import re


def test_every_answer_carries_the_headers(client):
    headers = client.get("/sign-in").headers
    policy = headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_a_nonce_is_never_used_twice(client):
    nonces = {re.search(r"nonce-([\w-]+)", client.get("/healthz").headers["Content-Security-Policy"])[1] for _ in "123"}

    assert len(nonces) == 3


def test_what_a_signed_in_person_sees_is_kept_nowhere(owner):
    answer = owner.get("/password")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.vary
    assert "HX-Request" in answer.vary


def test_static_files_are_kept_under_an_address_that_changes_with_them(client):
    page = client.get("/sign-in").get_data(as_text=True)
    address = re.search(r'href="(/static/css/regulars\.css\?v=\w+)"', page)[1]

    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert "immutable" not in client.get("/static/css/regulars.css").headers["Cache-Control"]


def test_pages_have_no_inline_style_script_or_handler(owner):
    for path in ("/sign-in", "/password", "/sign-in/again", "/nowhere"):
        page = owner.get(path).get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page), path
