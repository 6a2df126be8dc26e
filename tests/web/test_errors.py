"""What people and machines read when something does not work."""

import psycopg.errors
import pytest
from flask import Blueprint
from sqlalchemy.exc import OperationalError

from domain.errors import Conflict, FieldError, Unacceptable
from web import create_app
from web.access import public

trouble = Blueprint("trouble", __name__)


@trouble.get("/trouble")
@trouble.get("/api/v1/trouble")
@public
def break_down():
    raise RuntimeError("SELECT secret FROM somewhere")


@trouble.get("/ring")
@trouble.get("/api/v1/ring")
@public
def wait_in_a_ring():
    raise OperationalError("UPDATE members", {}, psycopg.errors.DeadlockDetected())


@trouble.get("/no")
@trouble.get("/api/v1/no")
@public
def refuse():
    raise Unacceptable("This amount is too large.", [FieldError("amount", "Too large.")])


@trouble.get("/api/v1/clash")
@public
def clash():
    raise Conflict("Already there.")


@pytest.fixture
def client(app):
    app.register_blueprint(trouble)
    return app.test_client()


def test_machines_get_a_problem_document(client):
    answer = client.get("/api/v1/no")

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Not acceptable",
        "status": 422,
        "detail": "This amount is too large.",
        "errors": [{"path": "amount", "message": "Too large."}],
    }
    assert client.get("/api/v1/clash").status_code == 409


def test_who_was_let_go_of_a_ring_of_waiting_hears_to_do_it_once_more(client):
    for_people, for_machines = client.get("/ring"), client.get("/api/v1/ring")

    assert for_people.status_code == for_machines.status_code == 503
    assert "please do it once more" in for_people.get_data(as_text=True)
    assert for_machines.headers["Retry-After"] == "1"
    assert "UPDATE" not in for_people.get_data(as_text=True) + for_machines.get_data(as_text=True)


def test_people_get_words(client):
    answer = client.get("/no")

    assert answer.status_code == 422
    assert "This amount is too large." in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/trouble", "/api/v1/trouble"])
def test_a_defect_of_ours_shows_nothing_of_how_we_are_built(client, path):
    answer = client.get(path)

    assert answer.status_code == 500
    assert not {"SELECT", "RuntimeError", "Traceback"} & set(answer.get_data(as_text=True).split())


def test_the_page_about_a_defect_comes_even_without_a_database(settings):
    nowhere = settings.model_copy(update={"database_url": "postgresql://u:p@127.0.0.1:9/x"})
    browser = create_app(nowhere).test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = "a token"
    answer = browser.get("/password")

    assert answer.status_code == 500
    assert "We spilled something" in answer.get_data(as_text=True)


def test_an_unknown_address_is_told_in_the_callers_way(client):
    assert client.get("/api/v1/nothing").json["status"] == 404
    assert "This table is empty" in client.get("/nothing").get_data(as_text=True)


def test_people_read_their_own_language(client):
    page = client.get("/sign-in", headers={"Accept-Language": "de-AT,de;q=0.9"}).get_data(as_text=True)

    assert '<html lang="de">' in page


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.get("/sign-out")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("query", ["next=%00", "%00=1"])
def test_nul_is_refused_before_anything_reads_it(client, query):
    assert client.get(f"/sign-in?{query}").status_code == 400


def test_an_endless_value_is_refused(client):
    assert client.get(f"/sign-in?next=/{'a' * 9000}").status_code == 414


def test_german_speakers_read_german(client):
    page = client.get("/sign-in", headers={"Accept-Language": "de-AT,de;q=0.9"}).get_data(as_text=True)

    assert "Willkommen zurück" in page
