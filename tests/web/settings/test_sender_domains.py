"""The page of the domains that mail comes from."""

import pytest
from sqlalchemy import select

from models.sender_domain import SenderDomain
from tests.played.dns import PlayedDns
from tests.web.conftest import form_token

PAGE = "/cafes/aurora/settings/sender-domains"


@pytest.fixture
def name_server(app):
    with PlayedDns() as server:
        app.config["NAME_SERVER"] = server.address
        yield server


@pytest.fixture
def post(owner):
    def post(path, **form):
        return owner.post(path, data={"csrf_token": form_token(owner, PAGE), **form})

    return post


def test_without_a_domain_the_page_says_what_one_is_good_for(owner):
    assert "Name your domain" in owner.get(PAGE).get_data(as_text=True)


def test_a_domain_shows_the_records_to_publish_and_signs_once_they_are_found(owner, post, name_server, database, cafe):
    assert post(PAGE, domain="cafe-aurora.at").status_code == 303
    page = owner.get(PAGE).get_data(as_text=True)
    assert "regulars._domainkey.cafe-aurora.at" in page
    assert "v=DKIM1; k=rsa; p=" in page

    assert post(f"{PAGE}/1/check").status_code == 303
    assert "not there yet" in owner.get(PAGE).get_data(as_text=True)

    with database.session(cafe.id) as session:
        key = f"v=DKIM1; k=rsa; p={session.scalars(select(SenderDomain.public_key)).one()}"
    name_server.texts = {"regulars._domainkey.cafe-aurora.at": [key]}
    post(f"{PAGE}/1/check")
    assert "Mails from this domain are signed" in owner.get(PAGE).get_data(as_text=True)


def test_what_is_no_domain_is_refused_beside_the_field_and_stays_typed(post):
    answer = post(PAGE, domain="no domain <b>")

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Write only the domain" in page
    assert "no domain &lt;b&gt;" in page


def test_a_domain_can_be_removed(owner, post):
    post(PAGE, domain="cafe-aurora.at")
    assert post(f"{PAGE}/1/remove").status_code == 303
    assert "regulars._domainkey" not in owner.get(PAGE).get_data(as_text=True)


def test_another_cafes_domain_is_not_there(post, open_cafe):
    open_cafe("borealis")
    assert post(f"{PAGE}/99/check").status_code == 404
    assert post("/cafes/borealis/settings/sender-domains", domain="x.at").status_code == 404
