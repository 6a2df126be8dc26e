"""What the pages ask about tags."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from web.forms import Form

MOST_LINES = 500


class TagForm(Form):
    """A tag of the café's own."""

    name = StringField(_l("Name"), [InputRequired(_l("Give the tag a name.")), Length(max=60)])
    words = StringField(_l("What it means, in a sentence"), [Optional(), Length(max=200)])


class PutOnForm(Form):
    """Who gets a tag."""

    who = TextAreaField(_l("Who gets it?"), [InputRequired(_l("Write one guest a line.")), Length(max=60_000)])

    def validate_who(self, field: TextAreaField) -> None:
        """So many at once that a page can still answer."""
        if len(self.lines) > MOST_LINES:
            raise ValidationError(_l("At most 500 guests at once."))

    @property
    def lines(self) -> list[str]:
        """What was typed, one guest each."""
        return [line.strip() for line in (self.who.data or "").replace("\x00", "").splitlines() if line.strip()]
