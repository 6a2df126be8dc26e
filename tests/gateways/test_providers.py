"""The registry: settings checked without repeating them, gateways opened by name."""

import pytest

import gateways
from domain.errors import NotFound, Unacceptable
from gateways.address import NotAllowed
from gateways.smtp import SmtpGateway
from gateways.twilio import TwilioGateway
from gateways.twilio_hook import TwilioHook

SMTP = {"url": "smtp+starttls://cafe:s3cret@mail.example.com", "from": "hello@cafe.example", "from_name": "Café"}
TWILIO = {"account_sid": "AC" + "a" * 32, "auth_token": "t0ken", "from": "+15017122661"}


@pytest.mark.parametrize(
    ("provider", "config", "kind"), [("smtp", SMTP, SmtpGateway), ("twilio", TWILIO, TwilioGateway)]
)
def test_a_gateway_is_opened_by_name(provider, config, kind):
    gateway = gateways.open_gateway(provider, config)

    assert isinstance(gateway, kind)
    assert (gateway.channel,) == gateways.get(provider).channels
    gateway.close()


def test_an_unknown_provider_is_not_found():
    with pytest.raises(NotFound):
        gateways.open_gateway("pigeon", {})


@pytest.mark.parametrize(
    ("provider", "config", "path"),
    [
        ("smtp", {}, "url"),
        ("smtp", SMTP | {"surprise": "1"}, "surprise"),
        ("smtp", SMTP | {"url": "http://s3cret.example.com"}, "url"),
        ("smtp", SMTP | {"url": "smtps://s3cret@"}, "url"),
        ("smtp", SMTP | {"url": "smtps://s3cret.example:99999"}, "url"),
        ("smtp", SMTP | {"url": "smtps://s3cret.example:port"}, "url"),
        ("smtp", SMTP | {"url": "smtps://[s3cret"}, "url"),
        ("smtp", SMTP | {"url": "smtps://u:s3cret%C3%BC@mail.example"}, "url"),
        ("smtp", SMTP | {"url": "smtps://mail.example/s3cret"}, "url"),
        ("smtp", SMTP | {"from": "a@b.example\r\nRCPT TO:<s3cret@x>"}, "from"),
        ("smtp", SMTP | {"from": "Café <s3cret@b.example>"}, "from"),
        ("smtp", SMTP | {"envelope_from": "s3cret"}, "envelope_from"),
        ("smtp", SMTP | {"ehlo_name": "s3cret name"}, "ehlo_name"),
        ("smtp", SMTP | {"from_name": "s3cret\r\nBcc: x"}, "from_name"),
        ("smtp", SMTP | {"connections": "many s3cret"}, "connections"),
        ("twilio", TWILIO | {"account_sid": "s3cret"}, "account_sid"),
        ("twilio", TWILIO | {"auth_token": ""}, "auth_token"),
        ("twilio", TWILIO | {"url": "https://user:s3cret@api.example"}, "url"),
        ("twilio", TWILIO | {"url": "ftp://s3cret"}, "url"),
        ("twilio", TWILIO | {"markets": "s3cret"}, "markets"),
    ],
)
def test_settings_that_do_not_fit_are_named_without_being_repeated(provider, config, path):
    with pytest.raises(Unacceptable) as refused:
        gateways.read_config(provider, config)

    assert [error.path for error in refused.value.errors] == [path]
    assert "s3cret" not in f"{refused.value}{refused.value.errors!r}{refused.value.__cause__!r}"


def test_mail_without_any_sender_is_refused():
    without = {"url": SMTP["url"]}

    with pytest.raises(Unacceptable):
        gateways.open_gateway("smtp", without)
    gateways.open_gateway("smtp", without, sender="aurora@regulars.example").close()


def test_secrets_are_known_by_name_and_never_shown():
    assert gateways.secret_fields("smtp") == {"url"}
    assert gateways.secret_fields("twilio") == {"auth_token", "webhook_secret"}
    assert "s3cret" not in repr(gateways.read_config("smtp", SMTP))
    assert "t0ken" not in repr(gateways.read_config("twilio", TWILIO))


@pytest.mark.parametrize(
    ("provider", "config"),
    [
        ("smtp", SMTP | {"url": "smtps://127.0.0.1"}),
        ("smtp", SMTP | {"url": "smtps://localhost:2525"}),
        ("smtp", SMTP | {"url": "smtp://93.184.216.34"}),
        ("smtp", SMTP | {"url": "smtps://93.184.216.34:80"}),
        ("twilio", TWILIO | {"url": "https://10.0.0.1"}),
        ("twilio", TWILIO | {"url": "http://93.184.216.34"}),
    ],
)
def test_an_owner_may_not_point_a_gateway_anywhere(provider, config):
    with pytest.raises(NotAllowed):
        gateways.check(provider, config)


def test_an_operator_may_point_a_gateway_anywhere():
    config = SMTP | {"url": "smtp://127.0.0.1:2526"}

    assert gateways.host_of("smtp", config) == "127.0.0.1:2526"
    gateways.check("smtp", config, trusted_hosts=[gateways.host_of("smtp", config)])


@pytest.mark.parametrize(
    ("url", "host"), [("smtp://mail.example", 25), ("smtp+starttls://mail.example", 587), ("smtps://mail.example", 465)]
)
def test_each_kind_of_mail_server_has_its_usual_port(url, host):
    assert gateways.host_of("smtp", SMTP | {"url": url}) == f"mail.example:{host}"


def test_only_those_who_report_have_a_hook():
    assert isinstance(gateways.open_hook("twilio", TWILIO), TwilioHook)
    assert gateways.open_hook("smtp", SMTP) is None
