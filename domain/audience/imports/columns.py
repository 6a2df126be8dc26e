"""Which column of a file says what: by our own names, by what a person chose, or guessed from the header."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.audience.consent import CHANNELS, TOPICS
from domain.errors import Unacceptable
from domain.sentences import say

ATTRIBUTE = "attributes."
LONGEST_ATTRIBUTE = 64
IDENTITY = ("external_id", "card", "phone", "email")
PROFILE = ("first_name", "last_name", "birthday", "joined_on", "locale", "timezone", "country")
CONSENTS = {f"consent_{channel}_{topic}": (channel, topic) for channel in CHANNELS for topic in TOPICS}
PROOF = ("consent_source", "consent_at")
FIELDS = (*IDENTITY, *PROFILE, "tags", *CONSENTS, *PROOF)
DATES = ("birthday", "joined_on", "consent_at")

# What other programs call them, without blanks and signs. A header that starts with one of the longer ones counts too.
_CALLED = {
    "external_id": "externalid id memberid memberno membernumber customerid customerno customernumber mitgliedsnummer "
    "mitgliednr mitgliedsnr kundennummer kundennr kundenid gastnummer nummer number nr",
    "card": "card cardnumber cardno loyaltycard karte kartennummer kartennr kundenkarte stempelkarte bonuskarte",
    "phone": "phone phonenumber mobile mobilephone mobilenumber cell cellphone telephone tel telefon telefonnummer "
    "handy handynummer mobil mobiltelefon mobilnummer mobilfunk",
    "email": "email emailaddress mail mailaddress emailadresse mailadresse",
    "first_name": "firstname givenname forename vorname rufname",
    "last_name": "lastname surname familyname nachname familienname zuname name",
    "birthday": "birthday birthdate dateofbirth dob geburtstag geburtsdatum gebdatum geboren geborenam",
    "joined_on": "joinedon joined joindate membersince registered registeredon signupdate createdat created "
    "mitgliedseit beitritt beitrittsdatum eintritt eintrittsdatum registriertam angelegtam erstelltam kundeseit",
    "locale": "locale language lang sprache",
    "timezone": "timezone zeitzone",
    "country": "country countrycode land laendercode ländercode staat",
    "tags": "tags tag labels schlagworte schlagwörter markierungen gruppen gruppe",
    "consent_email_promotional": "newsletter newsletterconsent emailconsent emailoptin emailmarketing "
    "acceptsmarketing marketingconsent werbeeinwilligung emailwerbung",
    "consent_sms_promotional": "smsconsent smsoptin smsmarketing smswerbung acceptssmsmarketing",
    "consent_source": "consentsource optinsource einwilligungsquelle quelle",
    "consent_at": "consentat consentdate optindate optinat einwilligungam einwilligungsdatum",
}
_GUESSES = {name: field for field, names in _CALLED.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Columns:
    """The field of each column, None for those that are not used, and the headers of these."""

    fields: Sequence[str | None]
    unused: Sequence[str]

    def positions(self, wanted: Sequence[str]) -> list[int]:
        """Where the columns of these fields stand."""
        return [position for position, field in enumerate(self.fields) if field in wanted]


def is_field(name: str) -> bool:
    """Whether a member has a field of this name."""
    own = name.removeprefix(ATTRIBUTE)
    if own != name:
        return 0 < len(own.strip()) <= LONGEST_ATTRIBUTE and own.isprintable()
    return name in FIELDS


def assign(headers: Sequence[str], mapping: Mapping[str, str], *, known: Callable[[str], bool] = is_field) -> Columns:
    """The field of each column: what `mapping` says about its header ("" = not used), else the field of that name.

    `known` tells which fields there are. Raises `Unacceptable` for a header that stands twice, a header or field that
    does not exist and two columns for one field.
    """
    refuse_twice(headers)
    for header, field in mapping.items():
        if header not in headers:
            raise Unacceptable(say("There is no column %(name)s.", name=header))
        if field and not known(field):
            raise Unacceptable(say("There is no field %(name)s.", name=field))
    fields = [_field(header, mapping, known) for header in headers]
    for field in filter(None, fields):
        if fields.count(field) > 1:
            both = [header for header, each in zip(headers, fields, strict=True) if each == field]
            words = say("The columns %(first)s and %(second)s say the same: %(field)s. Use one of them.",
                        first=both[0], second=both[1], field=field)  # fmt: skip
            raise Unacceptable(words)
    unused = [header for header, field in zip(headers, fields, strict=True) if header and not field]
    return Columns(fields, [header for header in unused if mapping.get(header) != ""])


def assign_members(headers: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """`assign` for a file of members. Raises `Unacceptable` also when no column says who is meant."""
    found = assign(headers, mapping)
    if not found.positions(IDENTITY):
        raise Unacceptable(say("No column says who is meant: a number, a card, a phone number or an e-mail address."))
    return found


def refuse_twice(headers: Sequence[str]) -> None:
    """Raises `Unacceptable` when two columns have one name: which of them is meant can't be told."""
    for header in filter(None, headers):
        if headers.count(header) > 1:
            raise Unacceptable(say("Two columns are called %(name)s. Give each a name of its own.", name=header))


def guessed(
    headers: Sequence[str], *, names: Mapping[str, str] = _GUESSES, known: Callable[[str], bool] = is_field
) -> dict[str, str]:
    """The field that each header most likely means, "" where none is likely. No field is given twice.

    `names` holds what other programs call the fields, without blanks and signs; `known` tells which fields there are.
    """
    found: dict[str, str] = {}
    for header in filter(None, headers):
        field = _guess(header, names, known)
        found[header] = field if field not in found.values() else ""
    return found


def _guess(header: str, names: Mapping[str, str], known: Callable[[str], bool]) -> str:
    if known(header.lower()):
        return header.lower()
    plain = re.sub(r"[\W_]", "", header.casefold())
    return names.get(plain) or names.get(plain.replace("ß", "ss")) or ""


def _field(header: str, mapping: Mapping[str, str], known: Callable[[str], bool]) -> str | None:
    if header in mapping:
        return mapping[header] or None
    if known(header):
        return header
    return header.lower() if known(header.lower()) else None
