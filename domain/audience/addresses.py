"""Where a member can be reached, in the one spelling that we store and compare."""

from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberType

from domain.errors import Unacceptable
from domain.sentences import say
from models.message import Channel

TEXTABLE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
BY_PHONE = {Channel.SMS, Channel.VOICE, Channel.VIBER, Channel.WHATSAPP}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, the country it belongs to (ISO 3166, or none), and whether it takes texts."""

    number: str
    country: str | None
    takes_texts: bool


def email(typed: str) -> str:
    """The address with its domain in lower-case ASCII; compared without case elsewhere. Refuses lists and names."""
    try:
        return validate_email(typed.strip(), check_deliverability=False, test_environment=True).ascii_email or _refuse()
    except EmailNotValidError as error:
        raise Unacceptable.at("email", say("This is not an e-mail address we can write to.")) from error


def phone(typed: str, *, country: str) -> Phone:
    """The number as E.164; without a country code it is read as one of `country` (ISO 3166)."""
    try:
        parsed = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException as error:
        raise Unacceptable.at("phone", say("This is not a phone number. Write it like +43 660 1234567.")) from error
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:  # what `is_valid_number` asks too, at the price of a second look
        raise Unacceptable.at("phone", say("No phone has this number. Check the digits and the country code."))
    return Phone(
        number=phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        country=phonenumbers.region_code_for_number(parsed),
        takes_texts=kind in TEXTABLE,
    )


def _refuse() -> str:
    raise Unacceptable.at("email", say("The part before the @ must be written in plain letters."))
