"""What the page about limits asks. Amounts are typed in the café's money, with a point or a comma."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from domain import money
from domain.delivery.limits import MOST_PER_DAY, MOST_PER_WEEK, Limits
from domain.errors import Unacceptable
from domain.sentences import say
from web.forms import Form

_A_NUMBER = InputRequired(_l("Give a number."))


class LimitsForm(Form):
    """How often guests hear from the café, what that may cost, where Viber is closed."""

    promotional_per_day = IntegerField(_l("Messages a day"), [_A_NUMBER, NumberRange(1, MOST_PER_DAY)])
    promotional_per_week = IntegerField(_l("Messages a week"), [_A_NUMBER, NumberRange(1, MOST_PER_WEEK)])
    monthly_cap = StringField(_l("All messages of a month may cost"), [Optional(), Length(max=32)])
    viber_closed = SelectMultipleField(
        _l("Closed in"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    one_more = SelectField(_l("One more country"), [Optional()])

    def limits(self, currency: str) -> Limits:
        """What was typed. Raises `Unacceptable` where the cap is no amount."""
        closed = [*(self.viber_closed.data or ()), *filter(None, [self.one_more.data])]
        per_day, per_week = self.promotional_per_day.data or 0, self.promotional_per_week.data or 0
        return Limits(per_day, per_week, self._cap(currency), closed)

    def _cap(self, currency: str) -> int | None:
        typed = plain(self.monthly_cap.data)
        if not typed:
            return None
        try:
            if len(typed.partition(".")[2]) > money.decimals(currency):  # 1.000 may mean a thousand
                raise Unacceptable(say("%(amount)s is not an amount. Write it like 12.50.", amount=f"{typed!r}"))
            return money.to_minor(typed, currency)
        except Unacceptable as refused:
            raise Unacceptable.at("monthly_cap", refused.detail) from refused


class PriceForm(Form):
    """What a part costs at one gateway."""

    price = StringField(_l("Price"), [Optional(), Length(max=32)])


def plain(typed: str | None) -> str:
    """An amount as the rules read it: with a point."""
    return (typed or "").strip().replace(",", ".")
