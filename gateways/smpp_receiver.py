"""What an operator tells us, over a bind that only listens: receipts, and texts of guests."""

import re
from uuid import uuid4

from smpplib import consts
from smpplib.pdu import PDU

from domain.delivery.ports import DeliveryReport, InboundText, ReportKind, SendOutcome
from gateways.provider import Heard, LineLost, Told
from gateways.smpp_codes import KINDS, STATES
from gateways.smpp_config import SmppConfig
from gateways.smpp_ids import spelt
from gateways.smpp_link import Centre, Unreachable, bound, reason
from gateways.smpp_text import read

_KIND_OF_MESSAGE, _RECEIPT, _ON_THE_WAY = 0x3C, 0x04, 0x20  # bits of `esm_class`
_FROM_A_PHONE, _TYPED = 0x00, 0x18  # a guest's text; 0x08 to 0x18 are answers of a phone's own
_FIELD = re.compile(r"\b(id|stat|err):(\S*)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\+|00)?([1-9]\d{6,14})")


class SmppReceiver:
    """One bind. What was heard is told again by the operator until it is said to be kept."""

    def __init__(self, config: SmppConfig, centre: Centre) -> None:
        self._config = config
        self._seconds = centre.patience.answer
        try:
            self._link = bound(centre, "bind_receiver")
        except Unreachable as error:
            is_set_up = error.verdict.outcome is SendOutcome.GATEWAY_DOWN
            raise LineLost(error.verdict.detail, is_set_up=is_set_up) from None

    def hear(self, *, seconds: float) -> Heard | None:
        """The next thing told, None when nothing comes within that time. Raises `LineLost`."""
        try:
            while (pdu := self._link.read(seconds=seconds)) is not None:
                if pdu.command == "deliver_sm":
                    return Heard(read_delivery(pdu, self._config), raw=_octets(pdu), sign=pdu)
        except OSError as error:
            raise LineLost(reason(error)) from error
        return None

    def kept(self, heard: Heard) -> None:
        """Say that it is kept and need not be told again. Raises `LineLost`: then it is."""
        try:
            self._link.answer(heard.sign, seconds=self._seconds)
        except OSError as error:
            raise LineLost(reason(error)) from error

    def close(self) -> None:
        """Unbind."""
        self._link.close()


def read_delivery(pdu: PDU, config: SmppConfig) -> list[Told] | None:
    """What a `deliver_sm` says: a receipt, a guest's text, nothing to keep (empty), or None for what we don't know.

    Whether it is a receipt says the operator's flag, never the words: those a guest may type.
    """
    kind = (pdu.esm_class or 0) & _KIND_OF_MESSAGE
    if kind in (_RECEIPT, _ON_THE_WAY) or pdu.receipted_message_id:
        report = _receipt(pdu, config)
        return [report] if report else None
    if kind != 0:
        return []  # a phone's own acknowledgement
    sender = _NUMBER.fullmatch(_ascii(pdu.source_addr))
    if sender is None:
        return None
    words = read(
        _octets(pdu),
        data_coding=pdu.data_coding or 0,
        has_header=bool((pdu.esm_class or 0) & consts.SMPP_GSMFEAT_UDHI),
        alphabet=config.alphabet,
    )
    # The operator gives a text no id. Two that read the same may both be meant (STOP, START, STOP), and one that is
    # told again because we broke off has its effect already: each is a text of its own.
    key, to = f"text:{uuid4().hex}", {"to": _ascii(pdu.destination_addr)}
    return [InboundText(key, f"+{sender[1]}", words, to, networks_confirm=False)]


def _receipt(pdu: PDU, config: SmppConfig) -> DeliveryReport | None:
    """Optional parameters say it best; many operators write words only, each in its own way."""
    words = "".join(each for each in _octets(pdu).decode("latin-1") if each.isprintable())
    found = {name.lower(): value for name, value in _FIELD.findall(words)}
    state = STATES.get(pdu.message_state or 0) or found.get("stat", "").upper()[:7]
    ref = spelt(_ascii(pdu.receipted_message_id) or found.get("id", ""), config.receipt_id_form)
    if not ref or state not in KINDS:
        return None
    error = found.get("err", "")
    is_nobodys = state == "UNDELIV" and _plain(error) in {_plain(each) for each in config.permanent_errors.split(",")}
    return DeliveryReport(
        key=f"{ref}:{state}:{error}"[:255],
        kind=ReportKind.BOUNCED if is_nobodys else KINDS[state],
        provider_ref=ref,
        detail=f"{state}, error {error}" if _plain(error) else state,
        suppress="invalid_address" if is_nobodys else None,
    )


def _octets(pdu: PDU) -> bytes:
    return pdu.short_message or pdu.message_payload or b""


def _ascii(value: bytes | None) -> str:
    return "".join(each for each in (value or b"").decode("ascii", "replace") if each.isprintable())


def _plain(error: str) -> str:
    return error.strip().lower().lstrip("0")
