"""Words as SMPP carries them: in the operator's alphabet or UCS-2, long ones in parts under a user data header."""

from dataclasses import dataclass
from enum import StrEnum

from smpplib import consts

from domain.content import sms
from domain.content.sms import Encoding
from gateways import gsm7

_ONE, _EACH = {True: 160, False: 140}, {True: 153, False: 134}  # octets, of seven bits or of eight
_MOST_PARTS = 255
_HEADER = b"\x05\x00\x03"  # five octets follow: element 0 (parts under an 8-bit number), three octets long
_CONCATENATED, _CONCATENATED_16 = 0x00, 0x08


class Alphabet(StrEnum):
    """What an operator reads where no alphabet is named (`data_coding` 0)."""

    GSM = "gsm"
    LATIN_1 = "latin1"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True)
class Written:
    """A text as it is submitted: one `short_message` per part, each with the same coding and `esm_class`."""

    parts: tuple[bytes, ...]
    data_coding: int
    esm_class: int


def write(text: str, alphabet: Alphabet, *, number: int) -> Written:
    """A text in as many parts as the network would cut it into; no character is cut in two.

    By `number`, of which the last octet is used, a phone knows which parts belong together.

    Raises `ValueError` for a text that no number of parts could hold.
    """
    octets = _in(text, alphabet)
    seven_bits = octets is not None
    pieces = _filled(octets or [each.encode("utf-16-be") for each in text], seven_bits=seven_bits)
    coding = consts.SMPP_ENCODING_DEFAULT if seven_bits else consts.SMPP_ENCODING_ISO10646
    if len(pieces) == 1:
        return Written(tuple(pieces), coding, consts.SMPP_MSGMODE_DEFAULT)
    if len(pieces) > _MOST_PARTS:
        raise ValueError("longer than a text can be")
    parts = (_HEADER + bytes([number % 256, len(pieces), place]) + piece for place, piece in enumerate(pieces, 1))
    return Written(tuple(parts), coding, consts.SMPP_GSMFEAT_UDHI)


def read(octets: bytes, *, data_coding: int, has_header: bool, alphabet: Alphabet) -> str:
    """The words of a guest. A part of a longer text says so in front: it is never a whole word like STOP."""
    place = ""
    if has_header and octets:
        header, octets = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
        place = _place(header)
    return place + _decoded(octets, data_coding, alphabet).replace("\x00", "")


def _in(text: str, alphabet: Alphabet) -> list[bytes] | None:
    """Each character in the operator's alphabet, None when one of them is not in it or would not reach the phone."""
    if sms.measure(text).encoding is not Encoding.GSM_7:
        return None
    if alphabet is Alphabet.GSM:
        return [gsm7.encode(each) for each in text]
    try:
        return [each.encode("ascii" if alphabet is Alphabet.ASCII else "latin-1") for each in text]
    except UnicodeEncodeError:
        return None


def _filled(characters: list[bytes], *, seven_bits: bool) -> list[bytes]:
    if sum(map(len, characters)) <= _ONE[seven_bits]:
        return [b"".join(characters)]
    pieces = [b""]
    for each in characters:
        if len(pieces[-1]) + len(each) > _EACH[seven_bits]:
            pieces.append(b"")
        pieces[-1] += each
    return pieces


def _place(header: bytes) -> str:
    """Which part of a longer text, as `(2/3) `; "" when the header speaks of something else."""
    while len(header) >= 2:
        element, value = header[0], header[2 : 2 + header[1]]
        if element in (_CONCATENATED, _CONCATENATED_16) and len(value) >= 3 and value[-2] > 1:
            return f"({value[-1]}/{value[-2]}) "
        header = header[2 + header[1] :]
    return ""


def _decoded(octets: bytes, data_coding: int, alphabet: Alphabet) -> str:
    if data_coding == consts.SMPP_ENCODING_ISO10646:
        return octets.decode("utf-16-be", "replace")
    if data_coding == consts.SMPP_ENCODING_DEFAULT and alphabet is Alphabet.GSM:
        return gsm7.decode(octets)
    return octets.decode("latin-1")
