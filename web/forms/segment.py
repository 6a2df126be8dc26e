"""What the pages ask about segments."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from domain.audience import presets
from domain.audience.presets import LONGEST, MOST_PURCHASES
from domain.audience.segments import LONGEST_NAME
from web import filters
from web.forms import Form
from web.forms.conditions import values

_DAYS = [InputRequired(_l("Say how many days.")), NumberRange(1, LONGEST, _l("From 1 to %(max)s days."))]


class SegmentForm(Form):
    """A segment's name; its rule is typed in the builder of conditions."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Give it a name.")), Length(max=LONGEST_NAME, message=_l("At most %(max)d characters."))],
    )


class WholeField(IntegerField):
    """A whole number; anything else is refused with words of ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it with their thousands, too."""
        typed = valuelist[0].strip() if valuelist else ""
        number = values.decimal(typed) if typed else None
        self.data = None
        if typed and (number is None or number != number.to_integral_value()):
            raise ValueError(_("Write a whole number here, like 30."))
        self.data = None if number is None else int(number)


class NumberField(DecimalField):
    """A number as people of the café's country write it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it with their comma or point."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = values.decimal(typed) if typed else None
        if typed and self.data is None:
            raise ValueError(_("Write a number here, like 3."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else filters.number(self.data).replace(" ", "")


class PresetForm(Form):
    """The numbers of one of the three presets."""

    preset = ""

    @property
    def numbers(self) -> dict[str, Any]:
        """What was typed, as the rules keep it."""
        return {name: _plain(self[name].data) for name in presets.NUMBERS[self.preset]}


class NewForm(PresetForm):
    """First-time buyers."""

    preset = presets.NEW
    days = WholeField(_l("First purchase within"), _DAYS, id="new-days")


class TopForm(PresetForm):
    """The best guests."""

    preset = presets.TOP
    purchases = WholeField(
        _l("At least"),
        [
            InputRequired(_l("Say how many purchases.")),
            NumberRange(1, MOST_PURCHASES, _l("From 1 to %(max)s purchases.")),
        ],
    )
    percent = NumberField(
        _l("The best"),
        [
            InputRequired(_l("Say how many percent.")),
            NumberRange(Decimal("0.01"), 100, _l("From 0.01 to 100 percent.")),
        ],
        places=None,
    )
    days = WholeField(_l("By what they spent in"), _DAYS, id="top-days")


class DefectingForm(PresetForm):
    """Guests who stay away."""

    preset = presets.DEFECTING
    days = WholeField(_l("No purchase for more than"), _DAYS, id="defecting-days")


FORMS: dict[str, type[PresetForm]] = {form.preset: form for form in (NewForm, TopForm, DefectingForm)}


def _plain(number: Any) -> Any:
    if not isinstance(number, Decimal):
        return number
    return int(number) if number == number.to_integral_value() else float(round(number, 2))
