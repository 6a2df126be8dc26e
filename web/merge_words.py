"""Two records of one guest, in words: why they look like one, and what their fields are called."""

from flask import Flask
from flask_babel import gettext as _

from domain.audience import duplicates


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(sign_words=sign_words, field_words=field_words)


def sign_words(sign: str) -> str:
    """By what two records look like one guest."""
    return {
        duplicates.EMAIL: _("one e-mail address in two spellings"),
        duplicates.CARD: _("one card in two spellings"),
        duplicates.NAME_AND_BIRTHDAY: _("same name and birthday"),
        duplicates.SOUND_AND_BIRTHDAY: _("names that sound alike, same birthday"),
        duplicates.NAME: _("same name, one with an address and one without"),
    }[sign]


def field_words(name: str) -> str:
    """A field of the profile as it is called."""
    return {
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "card": _("Card"),
        "birthday": _("Birthday"),
        "locale": _("Language"),
        "timezone": _("Time zone"),
        "country": _("Country"),
    }[name]
