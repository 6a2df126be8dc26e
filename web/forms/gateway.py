"""What the page asks about an account with a provider. What is secret is asked, never shown."""

import re
from typing import TypeAlias
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
LINES = (
    ("smpp+tls", _l("TLS, usually port 3550")),
    ("smpp", _l("none, usually port 2775")),
)
ALPHABETS = (
    ("gsm", _l("GSM, as most have it")),
    ("latin1", _l("Latin 1")),
    ("ascii", _l("ASCII")),
)
ID_FORMS = (
    ("text", _l("as they come")),
    ("hex", _l("hexadecimal")),
    ("decimal", _l("decimal")),
)
NEEDED = InputRequired(_l("This is needed."))
PORT = NumberRange(1, 65535)
HOST = Regexp(r"^\s*[A-Za-z0-9.-]+\s*$", message=_l("Write only its name, like smtp.example.com."))


class SmtpForm(Form):
    """A mail server."""

    host = StringField(_l("Mail server"), [NEEDED, Length(max=253), HOST])
    port = IntegerField(_l("Port"), [NEEDED, PORT], default=587)
    protection = SelectField(_l("Protection"), choices=PROTECTIONS)
    user = StringField(_l("User"), [Optional(), Length(max=254)])
    password = PasswordField(_l("Password"), [Optional(), Length(max=512)])
    sender = EmailField(_l("Sender address"), [NEEDED, Length(max=254)])
    sender_name = StringField(_l("Sender name"), [Optional(), Length(max=120)])

    ON_THE_FORM = {"url": "host", "from": "sender", "from_name": "sender_name"}  # noqa: RUF012

    def values(self) -> dict[str, str]:
        """The settings as the gateway reads them."""
        url = _address(self, self.user.data)
        return {"url": url, "from": self.sender.data or "", "from_name": self.sender_name.data or ""}


class SmppForm(Form):
    """An operator of texts."""

    host = StringField(_l("Operator's server"), [NEEDED, Length(max=253), HOST])
    port = IntegerField(_l("Port"), [NEEDED, PORT], default=3550)
    protection = SelectField(_l("Protection"), choices=LINES)
    system_id = StringField(_l("System ID"), [NEEDED, Length(max=15)])
    password = PasswordField(_l("Password"), [NEEDED, Length(max=8)])
    sender = StringField(_l("Sender"), [NEEDED, Length(max=24)])
    system_type = StringField(_l("System type"), [Optional(), Length(max=12)])
    alphabet = SelectField(_l("Alphabet"), choices=ALPHABETS)
    id_form = SelectField(_l("Numbers of texts, when sent"), choices=ID_FORMS)
    receipt_id_form = SelectField(_l("Numbers of texts, in receipts"), choices=ID_FORMS)

    ON_THE_FORM = {"url": "host", "source_addr": "sender"}  # noqa: RUF012

    def values(self) -> dict[str, str]:
        """The settings as the gateway reads them."""
        plain = (self.system_type, self.alphabet, self.id_form, self.receipt_id_form)
        asked = {each.name: each.data for each in plain if each.data}
        return {"url": _address(self, self.system_id.data), "source_addr": self._plain_sender(), **asked}

    def _plain_sender(self) -> str:
        """A number as people write it loses what stands between its digits."""
        typed = (self.sender.data or "").strip()
        number = re.sub(r"[\s()/.-]", "", typed)
        return number if re.fullmatch(r"\+?\d+", number) else typed


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


def _address(form: SmtpForm | SmppForm, user: str | None) -> str:
    """The address of a server, with who signs in there."""
    login = f"{quote(user, safe='')}:{quote(form.password.data or '', safe='')}@" if user else ""
    return f"{form.protection.data}://{login}{(form.host.data or '').strip()}:{form.port.data}"


GatewayForm: TypeAlias = SmtpForm | SmppForm | HttpForm

FORMS: dict[str, type[SmtpForm] | type[SmppForm] | type[HttpForm]] = {
    "smtp": SmtpForm,
    "sendgrid": SendgridForm,
    "twilio": TwilioForm,
    "plivo": PlivoForm,
    "smpp": SmppForm,
    "gupshup": GupshupForm,
}
