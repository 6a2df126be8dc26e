"""The forms around signing in."""

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from domain.accounts.users import LONGEST_PASSWORD
from web.forms import Form

PASSWORD = [InputRequired(_l("Type your password.")), Length(max=LONGEST_PASSWORD)]


class SignInForm(Form):
    email = StringField(_l("E-mail"), [InputRequired(_l("Type your e-mail address.")), Length(max=254)])
    password = PasswordField(_l("Password"), PASSWORD)


class ConfirmForm(Form):
    password = PasswordField(_l("Password"), PASSWORD)


class ChangePasswordForm(Form):
    current = PasswordField(_l("Password now"), PASSWORD)
    new = PasswordField(_l("New password"), [InputRequired(_l("Type a new password.")), Length(max=LONGEST_PASSWORD)])
