"""What the settings ask about the café itself: its shops, its kinds of points, its keys."""

from zoneinfo import available_timezones

from babel import Locale
from flask_babel import lazy_gettext as _l
from wtforms import ColorField, SelectField, SelectMultipleField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from domain.accounts.keys import SCOPES
from models.tenant import Counting
from web import filters
from web.forms import Form

LOCALES = ("en", "en-GB", "de", "de-AT", "de-DE", "de-CH")
AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def timezones(standing: str | None = None) -> list[tuple[str, str]]:
    """The time zones of places, by name; `standing` stays among them."""
    places = {name for name in available_timezones() if name.partition("/")[0] in AREAS}
    return [(name, name.replace("_", " ")) for name in sorted(places | ({standing} if standing else set()))]


def countries() -> list[tuple[str, str]]:
    """The countries of the world in the reader's language."""
    names = filters.locale().territories
    known = [(code, names[code]) for code in names if len(code) == 2 and code.isalpha() and code not in _NOWHERE]
    return sorted(known, key=lambda country: country[1])


def languages(standing: str) -> list[tuple[str, str]]:
    """Languages with their countries, each in its own words; `standing` stays among them."""
    codes = dict.fromkeys((*LOCALES, standing))
    return [(code, Locale.parse(code.replace("-", "_")).get_display_name() or code) for code in codes]


_NOWHERE = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}  # unions, and codes for tests


COUNTING = (
    (Counting.UNLESS_DECLINED.value, _l("of everybody who did not decline")),
    (Counting.IF_AGREED.value, _l("only of guests who switched it on themselves")),
    (Counting.NEVER.value, _l("of nobody")),
)


class CafeForm(Form):
    """The café as its guests and its calendar see it."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the café a name.")), Length(max=120)])
    postal_address = StringField(_l("Postal address"), [Optional(), Length(max=300)])
    timezone = SelectField(_l("Time zone"))
    country = SelectField(_l("Country"))
    locale = SelectField(_l("Language of your messages"))
    colour = ColorField(_l("Colour"))
    counting = SelectField(_l("Count what they open and click"), choices=COUNTING)


class LocationForm(Form):
    """One shop."""

    name = StringField(_l("Name"), [InputRequired(_l("Every location has a name.")), Length(max=120)])
    address = StringField(_l("Address"), [Optional(), Length(max=300)])
    timezone = SelectField(_l("Time zone"), [Optional()])


class CurrencyForm(Form):
    """A kind of points."""

    name = StringField(_l("Name, as guests see it"), [InputRequired(_l("Give them a name.")), Length(max=60)])


class KeyForm(Form):
    """A key for a program, and what it may do."""

    name = StringField(_l("What is it for?"), [InputRequired(_l("Say what it is for.")), Length(max=80)])
    scopes = SelectMultipleField(
        _l("It may"),
        choices=[(scope, scope) for scope in SCOPES],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class TextTestForm(Form):
    """Where a test text goes."""

    phone = TelField(_l("Your mobile number"), [InputRequired(_l("Type your mobile number.")), Length(max=40)])
