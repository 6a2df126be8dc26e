"""Whose word about the caller's address counts."""

from web.proxy import BehindOurProxy


def seen(**environ):
    told = {}
    BehindOurProxy(lambda env, _start: told.update(env) or [])(environ, lambda *_: None)
    return told["REMOTE_ADDR"]


def test_a_neighbouring_proxy_is_believed():
    assert seen(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9") == "203.0.113.9"


def test_a_caller_from_outside_cannot_name_its_address():
    assert seen(REMOTE_ADDR="8.8.8.8", HTTP_X_FORWARDED_FOR="10.0.0.1") == "8.8.8.8"
