"""What the loyalty management asks."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, NumberRange

from domain.audience.consoles import MOST_MONTHS
from web.forms import Form


class TaggingForm(Form):
    """How tags are kept true."""

    is_active = BooleanField(_l("Tags come and go by themselves"))
    cron = StringField(_l("Look at everybody"), [InputRequired(_l("Write when, for example 0 3 * * *"))])
    months = IntegerField(
        _l("“Lately” reaches back"),
        [
            InputRequired(_l("Write a number of months.")),
            NumberRange(1, MOST_MONTHS, _l("Write a number of months from 1 to 60.")),
        ],
    )
