"""A played mail server, and a gateway to it over one connection."""

from collections.abc import Iterator

import pytest

from gateways.smtp import SmtpGateway
from tests.gateways.mail import gateway_to
from tests.played.smtp import PlayedSmtp


@pytest.fixture
def server() -> Iterator[PlayedSmtp]:
    with PlayedSmtp() as played:
        yield played


@pytest.fixture
def gateway(server: PlayedSmtp) -> Iterator[SmtpGateway]:
    with gateway_to(server) as opened:
        yield opened
