"""Slack: lines for staff, and for nobody else."""

from dataclasses import replace

import pytest

from domain.delivery.ports import STAFF, Outgoing, SendOutcome
from gateways.slack import SlackConfig, SlackGateway
from tests.gateways.kit import HttpGatewayKit
from tests.gateways.opening import around
from tests.played.slack import PATH, PlayedSlack, words


class TestSlack(HttpGatewayKit):
    secrets = (PATH.rpartition("/")[2],)

    def play(self) -> PlayedSlack:
        return PlayedSlack()

    def open(self, url: str, *, seconds: float) -> SlackGateway:
        settings = SlackConfig.model_validate({"url": f"{url}{PATH}"})
        return SlackGateway(settings, trusted_hosts=around(url).trusted_hosts, seconds=seconds)

    def outgoing(self, number: int) -> Outgoing:
        return Outgoing(number, STAFF, f"Nora redeemed reward {number} & left", ref=str(number))

    def test_a_guests_name_wakes_nobody(self, gateway, vendor):
        gateway.send([replace(self.outgoing(1), body="<!channel> & co")])

        assert vendor.lines == ["&lt;!channel&gt; &amp; co"]

    def test_what_is_meant_for_a_guest_is_refused_unasked(self, gateway, vendor):
        [result] = gateway.send([replace(self.outgoing(1), to="+436641234567")])

        assert result.outcome is SendOutcome.REFUSED
        assert vendor.requests == []

    @pytest.mark.parametrize(
        ("status", "said", "outcome"),
        [
            (400, "invalid_payload", SendOutcome.REFUSED),
            (403, "action_prohibited", SendOutcome.GATEWAY_DOWN),
            (404, "no_service", SendOutcome.GATEWAY_DOWN),
            (410, "channel_is_archived", SendOutcome.GATEWAY_DOWN),
            (500, "rollup_error", SendOutcome.UNSURE),
            (200, "not ok", SendOutcome.UNSURE),
        ],
    )
    def test_its_words_are_read(self, gateway, vendor, status, said, outcome):
        vendor.say(words(status, said))

        assert gateway.send([self.outgoing(1)])[0].outcome is outcome

    def test_it_is_waited_for_as_long_as_it_asks(self, gateway, vendor):
        vendor.say(words(429, "rate_limited", Retry_After="17"))
        [result] = gateway.send([self.outgoing(1)])

        assert (result.outcome, result.retry_after) == (SendOutcome.TRY_LATER, 17)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/",
        "https://hooks.slack.com/services/x",
        "nonsense",
        "https://u:p@hooks.slack.com" + PATH,
    ],
)
def test_an_address_that_is_no_webhook_is_refused(url):
    with pytest.raises(ValueError, match="webhook address"):
        SlackConfig.model_validate({"url": url})
