"""What the DNS says about a domain, asked of a name server on loopback."""

import pytest

from domain.delivery.sender_domains import Answers
from gateways.mail_dns import MailDns
from tests.played.dns import PlayedDns


@pytest.fixture
def server():
    with PlayedDns() as server:
        yield server


def look(server: PlayedDns) -> Answers:
    return MailDns(server.address).look("cafe.example", "regulars")


def test_records_are_found_whole_where_they_belong(server):
    key = "v=DKIM1; k=rsa; p=" + "A" * 400
    server.texts = {
        "cafe.example": ["v=spf1 mx ~all", "google-site-verification=x"],
        "regulars._domainkey.cafe.example": [key],
        "_dmarc.cafe.example": ["v=DMARC1; p=none"],
    }

    found = look(server)

    assert sorted(found.spf) == ["google-site-verification=x", "v=spf1 mx ~all"]
    assert found.dkim == [key]
    assert found.dmarc == ["v=DMARC1; p=none"]


def test_what_is_not_there_is_empty(server):
    server.texts = {"cafe.example": []}

    assert look(server) == Answers(spf=(), dkim=(), dmarc=())


def test_a_name_server_that_fails_says_nothing(server):
    server.broken = True

    assert look(server) == Answers(spf=None, dkim=None, dmarc=None)
