"""What the page asks about an account with a provider. What is secret is asked, never shown."""

from urllib.parse import quote

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from web.forms import Form

PROTECTIONS = (
    ("smtp+starttls", _l("STARTTLS, usually port 587")),
    ("smtps", _l("TLS, usually port 465")),
)
UNPROTECTED = ("smtp", _l("none: only for a server beside this one"))
NEEDED = InputRequired(_l("This is needed."))
HOST = Regexp(r"^\s*[A-Za-z0-9.-]+\s*$", message=_l("Write only its name, like smtp.example.com."))


class SmtpForm(Form):
    """A mail server."""

    host = StringField(_l("Mail server"), [NEEDED, Length(max=253), HOST])
    port = IntegerField(_l("Port"), [NEEDED, NumberRange(1, 65535)], default=587)
    protection = SelectField(_l("Protection"), choices=PROTECTIONS)
    user = StringField(_l("User"), [Optional(), Length(max=254)])
    password = PasswordField(_l("Password"), [Optional(), Length(max=512)])
    sender = EmailField(_l("Sender address"), [NEEDED, Length(max=254)])
    sender_name = StringField(_l("Sender name"), [Optional(), Length(max=120)])

    ON_THE_FORM = {"url": "host", "from": "sender", "from_name": "sender_name"}  # noqa: RUF012

    def values(self) -> dict[str, str]:
        """The settings as the gateway reads them."""
        login = (
            f"{quote(self.user.data, safe='')}:{quote(self.password.data or '', safe='')}@" if self.user.data else ""
        )
        url = f"{self.protection.data}://{login}{(self.host.data or '').strip()}:{self.port.data}"
        return {"url": url, "from": self.sender.data or "", "from_name": self.sender_name.data or ""}


class TwilioForm(Form):
    """An account at Twilio."""

    account_sid = StringField(_l("Account SID"), [NEEDED, Length(max=64)])
    auth_token = PasswordField(_l("Auth token"), [NEEDED, Length(max=256)])
    sender = StringField(_l("Sender"), [NEEDED, Length(max=60)])
    url = StringField(_l("Address of the API"), [Optional(), Length(max=200)])

    ON_THE_FORM = {"from": "sender"}  # noqa: RUF012

    def values(self) -> dict[str, str]:
        """The settings as the gateway reads them."""
        values = {"account_sid": self.account_sid.data, "auth_token": self.auth_token.data, "from": self.sender.data}
        return {name: value or "" for name, value in values.items()} | ({"url": self.url.data} if self.url.data else {})


class SquareForm(Form):
    """An account at Square."""

    access_token = PasswordField(_l("Access token"), [NEEDED, Length(max=1024)])
    signature_key = PasswordField(_l("Signature key of the webhook"), [Optional(), Length(max=1024)])


FORMS: dict[str, type[SmtpForm] | type[TwilioForm]] = {"smtp": SmtpForm, "twilio": TwilioForm}
