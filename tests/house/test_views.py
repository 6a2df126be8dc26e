"""Doors: every view says who may enter, and numbers in addresses are typed."""

import re

import pytest
from werkzeug.routing import Rule

from web import access
from web.access import OWN_CHECKS, declared

# Views that anybody may open. A new one is added here on purpose, or not at all.
PUBLIC = {
    "auth.start",
    "auth.sign_in",
    "auth.sign_out",
    "api_document.asset",
    "api_document.docs",
    "api_document.openapi",
    "health.alive",
    "health.ready",
    "health.metrics",
    "status.show",
    "hooks.receive",  # who calls is proven by a signature
    "reading.click",  # these two by the token
    "reading.open_",
}
SIGNED_LINKS = "member_pages."  # who comes is proven by the link


@pytest.fixture
def rules(app) -> list[Rule]:
    return list(app.url_map.iter_rules())


def test_every_view_declares_who_may_enter(app, rules):
    silent = {
        rule.endpoint
        for rule in rules
        if rule.endpoint != "static"
        and not rule.rule.startswith(OWN_CHECKS)
        and declared(app.view_functions[rule.endpoint]) is None
    }

    assert silent == set()


def test_only_listed_views_are_open_to_everybody(app, rules):
    public = {rule.endpoint for rule in rules if declared(app.view_functions[rule.endpoint]) == access.PUBLIC}

    assert {endpoint for endpoint in public if not endpoint.startswith(SIGNED_LINKS)} == PUBLIC


def test_every_view_of_a_cafe_asks_for_a_permission(app, rules):
    inside = [rule for rule in rules if rule.rule.startswith("/cafes/<")]
    unguarded = {rule.endpoint for rule in inside if declared(app.view_functions[rule.endpoint]) not in access.OWNER}

    assert inside
    assert unguarded == set()


def test_ids_in_addresses_are_typed(rules):
    untyped = {rule.rule for rule in rules if re.search(r"<(\w+_)?id>", rule.rule)}

    assert untyped == {rule.rule for rule in rules if "<external_id>" in rule.rule}
