"""What stands in the settings, in words: countries, what keys may do, what a till told."""

from collections.abc import Sequence

from babel.lists import format_list
from flask import Flask
from flask_babel import gettext as _

from connectors.outlets import Outlet
from web import filters, stories


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        country_words=country_words,
        currency_words=stories.currency_words,
        hook_words=hook_words,
        scope_words=scope_words,
        shop_words=shop_words,
    )
    app.jinja_env.filters["shop_words"] = shop_words


def country_words(codes: Sequence[str]) -> str:
    """`Austria and Germany`."""
    names = filters.locale().territories
    return format_list([names.get(code, code) for code in codes], "standard", locale=filters.locale())


def hook_words(kind: str) -> str:
    """What a business system wanted to tell."""
    families = {
        "payment": _("A payment"),
        "refund": _("Money given back"),
        "order": _("An order"),
        "customer": _("A customer"),
        "oauth": _("About the connection"),
    }
    return families.get(kind.partition(".")[0], _("Something else"))


def shop_words(shop: Outlet) -> str:
    """A shop of the till by its name; one that has none by the end of its number."""
    return shop.name or _("a shop without a name (…%(end)s)", end=shop.id[-4:])


def scope_words(scope: str) -> str:
    """What a key may do."""
    return {
        "members:read": _("Look at members"),
        "members:write": _("Add and change members"),
        "events:write": _("Tell about purchases and events"),
        "messages:read": _("Look at messages"),
        "loyalty:write": _("Give points, change rewards and rules"),
        "content:write": _("Change templates"),
        "outreach:write": _("Run campaigns and automations"),
    }.get(scope, scope)
