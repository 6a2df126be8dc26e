"""What the page asks about a member."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, EmailField, SelectField, StringField, TelField
from wtforms.validators import Length, Optional

from web.forms import Form

LANGUAGES = (("", _l("the café's")), ("de", "Deutsch"), ("en", "English"))


class MemberForm(Form):
    """A member's profile. Consents are not asked here: only the guest can give them."""

    first_name = StringField(_l("First name"), [Optional(), Length(max=120)])
    last_name = StringField(_l("Last name"), [Optional(), Length(max=120)])
    email = EmailField(_l("E-mail"), [Optional(), Length(max=254)])
    phone = TelField(_l("Mobile phone"), [Optional(), Length(max=40)])
    card = StringField(_l("Card"), [Optional(), Length(max=64)])
    birthday = DateField(_l("Birthday"), [Optional()])
    locale = SelectField(_l("Language"), [Optional()], choices=LANGUAGES)

    def changes(self) -> dict[str, object]:
        """What was typed, as the rules want it: blank is None."""
        return {name: (value.strip() if isinstance(value, str) else value) or None for name, value in self.data.items()}
