"""Where outbound connections may go."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways import address
from gateways.address import MAIL, WEB, NotAllowed, OutboundRules, is_public

RULES = OutboundRules(WEB)


@pytest.fixture
def dns(monkeypatch):
    """Answers of the resolver, by name."""
    answers: dict[str, list[str]] = {}

    def getaddrinfo(host, port, **_):
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (each, port)) for each in answers[host]]

    monkeypatch.setattr(address.socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_the_public_internet_is_public(ip):
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_everything_else_is_not(ip):
    assert not is_public(ip)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_public(ip):
    assert not is_public(str(ip)) or str(ip)[0] in "23"


def test_one_private_answer_among_public_ones_is_enough_to_refuse(dns):
    dns["cafe.example"] = ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(NotAllowed):
        RULES.addresses("cafe.example", 443)


def test_the_judged_addresses_are_given_for_connecting(dns):
    dns["cafe.example"] = ["93.184.216.34", "2606:4700:4700::1111"]

    assert RULES.addresses("cafe.example", 443) == ["93.184.216.34", "2606:4700:4700::1111"]


@pytest.mark.parametrize("odd", ["0x7f.1", "2130706433", "127.1", "localhost"])
def test_odd_spellings_of_loopback_are_refused(odd):
    with pytest.raises((NotAllowed, OSError)):
        RULES.addresses(odd, 443)


@pytest.mark.parametrize(
    ("rules", "scheme", "port"),
    [(WEB, "http", 80), (WEB, "https", 22), (WEB, "ftp", 443), (MAIL, "smtp", 25), (MAIL, "smtps", 443)],
)
def test_other_schemes_and_ports_are_refused(rules, scheme, port):
    with pytest.raises(NotAllowed):
        OutboundRules(rules).check(scheme, "cafe.example", port)


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_mail_goes_to_mail_ports_with_tls(scheme, port):
    OutboundRules(MAIL).check(scheme, "mail.example", port)


def test_a_trusted_host_may_be_anywhere_but_only_on_its_port(dns):
    dns["sink.local"] = ["127.0.0.1"]
    rules = OutboundRules(MAIL, frozenset({"sink.local:1025"}))

    rules.check("smtp", "SINK.local", 1025)
    assert rules.addresses("sink.local", 1025) == ["127.0.0.1"]
    with pytest.raises(NotAllowed):
        rules.addresses("sink.local", 587)


def test_every_refusal_reads_the_same(dns):
    dns["private.example"] = ["10.0.0.1"]
    said = set()
    for attempt in (lambda: RULES.check("http", "a.example", 80), lambda: RULES.addresses("private.example", 443)):
        with pytest.raises(NotAllowed) as refused:
            attempt()
        said.add(refused.value.detail)

    assert len(said) == 1
