"""The settings of an account at an operator."""

import re
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator
from smpplib import consts

from domain.sentences import say
from gateways.address import SMPP, OutboundRules
from gateways.provider import Endpoint, GatewayConfig
from gateways.smpp_ids import IdForm
from gateways.smpp_link import PATIENCE, Centre, Patience
from gateways.smpp_text import Alphabet

MOST_AT_ONCE = 40  # what one crash can leave unsure

_PORTS = {"smpp": 2775, "smpp+tls": 3550}
_SENDER = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9 &._-]{1,11}")
_SHORT_CODE = 8  # digits, at most


class SmppConfig(GatewayConfig):
    """`url` is `smpp://` or `smpp+tls://` with system id and password, percent-encoded where needed.

    `source_addr` is a number, a short code, or a name of up to eleven letters. `alphabet` is what the operator reads
    where none is named; `id_form` and `receipt_id_form` say how it writes ids in answers and in receipts;
    `permanent_errors` are its numbers for "no such subscriber".
    """

    url: SecretStr
    source_addr: str
    system_type: str = Field("", pattern=r"^[!-~]{0,12}$")
    alphabet: Alphabet = Alphabet.GSM
    id_form: IdForm = IdForm.TEXT
    receipt_id_form: IdForm = IdForm.TEXT
    permanent_errors: str = Field("001,005", pattern=r"^[0-9A-Fa-f]*(, *[0-9A-Fa-f]+)*$")
    window: int = Field(10, ge=1, le=MOST_AT_ONCE)
    markets: str = Field("", pattern=r"^([A-Za-z]{2}(, *[A-Za-z]{2})*)?$")

    @field_validator("url")
    @classmethod
    def _is_a_message_centre(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            known = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and parts.username
        except ValueError:  # a port that is no number, brackets that do not close
            known = False
        if not known or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(say("Write it like smpp+tls://system-id:password@smpp.example.com:3550."))
        system_id, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (_fits(system_id, 15) and _fits(password, 8)):
            raise ValueError(say("The system id has at most 15 plain characters, the password at most 8."))
        return url

    @field_validator("source_addr")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if not _SENDER.fullmatch(value):
            raise ValueError(say("Write a number, or a name of up to eleven letters without umlauts."))
        return value

    @property
    def endpoint(self) -> Endpoint:
        parts = urlsplit(self.url.get_secret_value())
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])

    @property
    def login(self) -> tuple[str, str]:
        """System id and password."""
        parts = urlsplit(self.url.get_secret_value())
        return unquote(parts.username or ""), unquote(parts.password or "")

    @property
    def source(self) -> dict[str, Any]:
        """Who the text is from, with the type of its number: a name, a short code, or an international number."""
        digits = self.source_addr.lstrip("+")
        if not digits.isdecimal():
            return _source(self.source_addr, consts.SMPP_TON_ALNUM, consts.SMPP_NPI_UNK)
        if len(digits) <= _SHORT_CODE and not self.source_addr.startswith("+"):
            return _source(digits, consts.SMPP_TON_NWSPEC, consts.SMPP_NPI_UNK)
        return _source(digits, consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN)


def centre_of(
    config: SmppConfig,
    trusted_hosts: frozenset[str],
    *,
    patience: Patience = PATIENCE,
    tls: ssl.SSLContext | None = None,
) -> Centre:
    """The message centre these settings point to."""
    system_id, password = config.login
    rules, context = OutboundRules(SMPP, trusted_hosts), tls or ssl.create_default_context()
    return Centre(config.endpoint, rules, system_id, password, config.system_type, context, patience)


def _source(address: str, ton: int, npi: int) -> dict[str, Any]:
    return {"source_addr": address, "source_addr_ton": ton, "source_addr_npi": npi}


def _fits(value: str, longest: int) -> bool:
    return len(value) <= longest and re.fullmatch(r"[ -~]*", value) is not None
