"""Twilio's answers in our words, and texts handed over in parallel."""

from datetime import timedelta

import pytest

from domain import clock
from domain.delivery.ports import Outgoing, SendOutcome
from gateways.twilio import TwilioConfig, TwilioGateway
from tests.gateways.kit import HttpGatewayKit
from tests.played.twilio import ACCOUNT_SID, AUTH_TOKEN, SENDER, PlayedTwilio, trouble

TRUSTED = "127.0.0.1"


class TestTwilio(HttpGatewayKit):
    secrets = (AUTH_TOKEN,)

    def play(self) -> PlayedTwilio:
        return PlayedTwilio()

    def open(self, url: str, *, seconds: float = 10, hook_url: str = "", **config: str) -> TwilioGateway:
        settings = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "from": SENDER, "url": url} | config
        authority = url.removeprefix("http://")
        trusted = frozenset({authority}) if authority.startswith(TRUSTED) else frozenset()
        return TwilioGateway(
            TwilioConfig.model_validate(settings), hook_url=hook_url, trusted_hosts=trusted, seconds=seconds
        )

    def outgoing(self, number: int) -> Outgoing:
        return Outgoing(number, f"+1555867{number:04}", f"Coffee number {number} waits", ref=str(number))

    def send_one(self, gateway: TwilioGateway) -> tuple[SendOutcome, str | None]:
        [result] = gateway.send([self.outgoing(1)])
        return result.outcome, result.suppress

    def test_the_sid_is_the_reference(self, gateway, vendor):
        [result] = gateway.send([self.outgoing(1)])

        assert result.provider_ref == vendor.messages[0].sid
        assert (vendor.messages[0].to, vendor.messages[0].body) == ("+15558670001", "Coffee number 1 waits")

    @pytest.mark.parametrize("code", [21211, 21217, 21614])
    def test_a_number_that_takes_no_texts_is_suppressed(self, gateway, vendor, code):
        vendor.refuse("+15558670001", code)

        assert self.send_one(gateway) == (SendOutcome.REFUSED, "invalid_address")

    def test_a_guest_who_opted_out_is_suppressed(self, gateway, vendor):
        vendor.refuse("+15558670001", 21610)

        assert self.send_one(gateway) == (SendOutcome.REFUSED, "opted_out")

    @pytest.mark.parametrize("code", [21612, 21408, 21608, 30004, 30007, 21617, 99999])
    def test_a_refusal_that_blames_no_number_leaves_it_good(self, gateway, vendor, code):
        vendor.refuse("+15558670001", code)

        assert self.send_one(gateway) == (SendOutcome.REFUSED, None)

    @pytest.mark.parametrize("code", [14107, 21611, 30001, 30022, 30023, 63018])
    def test_a_full_queue_means_later(self, gateway, vendor, code):
        vendor.refuse("+15558670001", code)

        assert self.send_one(gateway) == (SendOutcome.TRY_LATER, None)

    @pytest.mark.parametrize(
        ("status", "code"),
        [(401, 20003), (404, 20404), (400, 21606), (400, 21603), (400, 21703), (400, 21704), (403, 30002)],
    )
    def test_a_wrong_set_up_stops_the_gateway(self, gateway, vendor, status, code):
        vendor.say(trouble(status, code))

        assert self.send_one(gateway) == (SendOutcome.GATEWAY_DOWN, None)

    def test_a_wrong_token_stops_the_gateway(self, vendor):
        gateway = self.open(vendor.url, auth_token="wrong")

        assert self.send_one(gateway) == (SendOutcome.GATEWAY_DOWN, None)
        gateway.close()

    def test_too_many_requests_waits_as_long_as_asked(self, gateway, vendor):
        vendor.say(trouble(429, 20429, Retry_After="17"))
        [result] = gateway.send([self.outgoing(1)])

        assert (result.outcome, result.retry_after) == (SendOutcome.TRY_LATER, 17)

    def test_an_unavailable_twilio_took_nothing(self, gateway, vendor):
        vendor.say(trouble(503, 20503))

        assert self.send_one(gateway) == (SendOutcome.TRY_LATER, None)

    def test_an_internal_error_may_have_taken_it(self, gateway, vendor):
        vendor.say(trouble(500, 20500))

        assert self.send_one(gateway) == (SendOutcome.UNSURE, None)

    def test_after_a_429_most_of_the_group_is_not_even_asked(self, gateway, vendor):
        vendor.say(*[trouble(429, 20429, Retry_After="9") for _ in range(40)])
        results = gateway.send([self.outgoing(number) for number in range(1, 41)])

        assert {(result.outcome, result.retry_after) for result in results} == {(SendOutcome.TRY_LATER, 9)}
        assert len(vendor.requests) <= 10
        assert sorted(result.message_id for result in results) == list(range(1, 41))

    def test_one_refused_number_costs_no_other(self, gateway, vendor):
        vendor.refuse("+15558670002", 21211)
        results = gateway.send([self.outgoing(number) for number in (1, 2, 3)])

        accepted, refused = SendOutcome.ACCEPTED, SendOutcome.REFUSED
        assert [result.outcome for result in results] == [accepted, refused, accepted]

    @pytest.mark.parametrize(
        ("hook_url", "asked"),
        [
            ("https://app.example.com/hooks/twilio/t", "https://app.example.com/hooks/twilio/t?message=1"),
            ("http://127.0.0.1:9/hooks/twilio/t", "http://127.0.0.1:9/hooks/twilio/t?message=1"),
            ("https://my_app.example.com/hooks/twilio/t", None),
            ("", None),
        ],
    )
    def test_reports_are_asked_for_where_twilio_would_send_them(self, vendor, hook_url, asked):
        gateway = self.open(vendor.url, hook_url=hook_url)

        assert self.send_one(gateway)[0] is SendOutcome.ACCEPTED
        assert vendor.requests[0].form.get("StatusCallback") == asked
        gateway.close()

    def test_a_messaging_service_is_named_as_one(self, vendor):
        gateway = self.open(vendor.url, **{"from": "MG" + "b" * 32})

        assert self.send_one(gateway)[0] is SendOutcome.ACCEPTED
        assert vendor.requests[0].form.keys() == {"To", "MessagingServiceSid", "Body"}
        gateway.close()

    @pytest.mark.parametrize(("left", "validity"), [(90, "90"), (86400, "36000"), (-5, "1")])
    def test_what_expires_is_not_delivered_later(self, gateway, vendor, now, left, validity):
        with clock.set_to(now):
            gateway.send([Outgoing(1, "+15558670001", "Soon", "1", expires_at=now + timedelta(seconds=left))])

        assert vendor.requests[0].form["ValidityPeriod"] == validity
