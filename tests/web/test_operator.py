"""The platform's own people see how delivery goes; nobody else does."""

from datetime import timedelta

import pytest

from domain import clock
from domain.accounts import support
from models.database import db
from tasks import queues, worker
from tests.web.conftest import form_token, sign_in


@pytest.fixture
def agent(app, client):
    """A browser in which a support agent is signed in."""
    with app.app_context():
        new = support.create(db.session, "ada@regulars.example")
        email = new.user.email
        db.session.commit()
    assert sign_in(client, email, new.password).status_code == 303
    return client


@pytest.fixture
def broken_job(app):
    """A job that a worker failed at just now."""
    with app.app_context():
        job = queues.queue(queues.COMPUTE).enqueue("tasks.no_such.work", 7)
        worker.run(app, [queues.COMPUTE], burst=True)
        return job.id


def test_an_agent_lands_on_the_operators_page(agent):
    assert agent.get("/cafes/").headers["Location"] == "/operator/"


def test_an_owner_does_not_get_in(owner):
    assert owner.get("/operator/").status_code == 403
    assert owner.post("/operator/cafes/1/look", data={"csrf_token": form_token(owner, "/password")}).status_code == 403


def test_nobody_gets_in_without_signing_in(client):
    assert client.get("/operator/").headers["Location"].startswith("/sign-in")


def test_the_page_tells_that_no_worker_lives_and_nothing_is_stuck(agent):
    page = agent.get("/operator/").get_data(as_text=True)

    assert "No worker lives" in page
    assert "Nothing has been due for more than 5 minutes." in page


def test_what_is_stuck_is_told_with_its_cafe_and_looked_at_again(agent, app, cafe, shop, make_here):
    make_here.message(make_here.member(), due_at=clock.now() - timedelta(minutes=9))
    shop.commit()
    page = agent.get("/operator/").get_data(as_text=True)
    assert "Café Aurora" in page

    said = agent.post(f"/operator/cafes/{cafe.id}/look", data={"csrf_token": form_token(agent, "/operator/")})
    assert said.status_code == 303
    with app.app_context():
        assert queues.queue(queues.INSTANT).count > 0


def test_a_failed_job_is_shown_with_its_reason_and_goes_back_into_its_lane(agent, app, broken_job):
    page = agent.get("/operator/").get_data(as_text=True)
    assert "no_such.work 7" in page
    assert "ValueError: Invalid attribute name: work" in page

    token = {"csrf_token": form_token(agent, "/operator/")}
    assert agent.post(f"/operator/jobs/compute/{broken_job}/retry", data=token).status_code == 303
    with app.app_context():
        assert queues.queue(queues.COMPUTE).job_ids == [broken_job]
    again = agent.post(f"/operator/jobs/compute/{broken_job}/retry", data=token, follow_redirects=True)
    assert "gone already" in again.get_data(as_text=True)


def test_a_lane_that_does_not_exist_is_not_found(agent):
    token = {"csrf_token": form_token(agent, "/operator/")}
    assert agent.post("/operator/jobs/nowhere/x/retry", data=token).status_code == 404
