"""What the page asks about a reward and its messages."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DecimalField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from domain.loyalty.rewards import LARGEST_CONTROL_GROUP
from web.forms import Form

MOST_POINTS = 10**9
DELAYS = (
    (0, _l("at once")),
    (30, _l("half an hour later")),
    (120, _l("2 hours later, in daytime")),
    (240, _l("4 hours later, in daytime")),
    (1440, _l("the next day, in daytime")),
)
QUIET = (("21:00-09:00", _l("21:00 – 09:00")), ("20:00-10:00", _l("20:00 – 10:00")), ("", _l("none for e-mail")))
KINDS = (("item", _l("something for free")), ("percent", _l("a percentage off")), ("amount", _l("an amount off")))


class RewardForm(Form):
    """A reward, the channels it speaks on and its words for each."""

    name = StringField(_l("Name, as guests see it"), [InputRequired(_l("Give the reward a name.")), Length(max=120)])
    currency = SelectField(_l("Counts"), [InputRequired()])
    threshold = IntegerField(
        _l("Unlocks at"), [InputRequired(_l("Say at how many points.")), NumberRange(1, MOST_POINTS)]
    )
    cost = IntegerField(_l("Costs when used"), [Optional(), NumberRange(0, MOST_POINTS)])
    valid_days = IntegerField(_l("Valid for"), [Optional(), NumberRange(1, 3650)])
    repeatable = BooleanField(_l("Can be unlocked again"))
    kind = RadioField(_l("What the guest gets"), choices=KINDS, default="item")
    item = StringField(_l("What is free"), [Optional(), Length(max=80)])
    percent = DecimalField(_l("Percent off"), [Optional(), NumberRange(1, 100)], places=None)
    amount = DecimalField(_l("Amount off"), [Optional(), NumberRange(0, 100_000)])
    enabled = BooleanField(_l("Enable the automatic messages"))
    sms = BooleanField(_l("SMS"))
    email = BooleanField(_l("E-mail"))
    sms_body = TextAreaField(_l("SMS text"), [Optional(), Length(max=5000)])
    email_subject = StringField(_l("Subject"), [Optional(), Length(max=250)])
    email_body = TextAreaField(_l("E-mail text"), [Optional(), Length(max=20_000)])
    delay_minutes = SelectField(_l("After the purchase"), coerce=int, choices=DELAYS, default=120)
    quiet = SelectField(_l("Quiet hours"), [Optional()], choices=QUIET, default="21:00-09:00")

    control_group_percent = IntegerField(
        _l("Hold back this share of the guests"), [Optional(), NumberRange(0, LARGEST_CONTROL_GROUP)], default=0
    )

    @property
    def discount(self) -> dict[str, Any]:
        """What the guest gets, as the rules keep it: `{"item": …}`, `{"percent": …}` or `{"amount": …}`."""
        kind = self.kind.data if self.kind.data in dict(KINDS) else "item"
        value = self[kind].data
        return {kind: value if kind == "item" else str(value)} if value else {}

    @property
    def quiet_hours(self) -> tuple[int, int] | None:
        """Minutes after local midnight: from, to."""
        if not self.quiet.data:
            return None
        begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in self.quiet.data.split("-"))
        return begin, end
