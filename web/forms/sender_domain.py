"""What the settings ask about a domain that mail comes from."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from web.forms import Form


class SenderDomainForm(Form):
    """The domain."""

    domain = StringField(_l("Domain"), [InputRequired(_l("Write the domain, like cafe-aurora.at.")), Length(max=253)])
