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


class HttpForm(Form):
    """An account with a provider's API. A field is named as the gateway names it, but for those of `ON_THE_FORM`."""

    url = StringField(_l("Address of the API"), [Optional(), Length(max=200)])

    ON_THE_FORM: dict[str, str] = {"from": "sender"}  # noqa: RUF012

    def values(self) -> dict[str, str]:
        """The settings as the gateway reads them; what was left empty keeps its own default."""
        theirs = {ours: name for name, ours in self.ON_THE_FORM.items()}
        asked = (each for each in self if each.type in ("StringField", "PasswordField", "EmailField") and each.data)
        return {theirs.get(each.name, each.name): each.data.strip() for each in asked}


class TwilioForm(HttpForm):
    """Texts through Twilio."""

    account_sid = StringField(_l("Account SID"), [NEEDED, Length(max=64)])
    auth_token = PasswordField(_l("Auth token"), [NEEDED, Length(max=256)])
    sender = StringField(_l("Sender"), [NEEDED, Length(max=60)])


class PlivoForm(HttpForm):
    """Texts through Plivo."""

    auth_id = StringField(_l("Auth ID"), [NEEDED, Length(max=20)])
    auth_token = PasswordField(_l("Auth token"), [NEEDED, Length(max=256)])
    sender = StringField(_l("Sender"), [NEEDED, Length(max=16)])


class SendgridForm(HttpForm):
    """E-mail through SendGrid."""

    api_key = PasswordField(_l("API key"), [NEEDED, Length(max=256)])
    webhook_public_key = StringField(_l("Verification key of the event webhook"), [Optional(), Length(max=512)])
    sender = EmailField(_l("Sender address"), [NEEDED, Length(max=254)])
    from_name = StringField(_l("Sender name"), [Optional(), Length(max=120)])


class GupshupForm(HttpForm):
    """WhatsApp through Gupshup."""

    api_key = PasswordField(_l("API key"), [NEEDED, Length(max=256)])
    source = StringField(_l("WhatsApp number of the café"), [NEEDED, Length(max=20)])
    app_name = StringField(_l("Name of the app"), [NEEDED, Length(max=100)])

    ON_THE_FORM: dict[str, str] = {}  # noqa: RUF012


class SquareForm(Form):
    """An account at Square."""

    access_token = PasswordField(_l("Access token"), [NEEDED, Length(max=1024)])
    signature_key = PasswordField(_l("Signature key of the webhook"), [Optional(), Length(max=1024)])


FORMS: dict[str, type[SmtpForm] | type[HttpForm]] = {
    "smtp": SmtpForm,
    "sendgrid": SendgridForm,
    "twilio": TwilioForm,
    "plivo": PlivoForm,
    "gupshup": GupshupForm,
}
