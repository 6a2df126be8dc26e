"""The alphabet of text messages (GSM 03.38), an octet a character, as SMPP carries it.

smpplib's own table has no §, sends one for a backtick and cannot be read backwards.
"""

from types import MappingProxyType

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_BEHIND_ESCAPE = MappingProxyType(
    {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}
)
_OCTETS: dict[str, bytes] = {
    **{character: bytes([code]) for code, character in enumerate(_BASIC) if code != ESCAPE},
    **{character: bytes([ESCAPE, code]) for code, character in _BEHIND_ESCAPE.items()},
}


def encode(character: str) -> bytes:
    """The one or two octets of a character. Raises `KeyError` for one that is not of this alphabet."""
    return _OCTETS[character]


def decode(octets: bytes) -> str:
    """The words; what no phone could have typed becomes a replacement character."""
    words, rest = [], iter(octets)
    for code in rest:
        if code == ESCAPE:
            words.append(_BEHIND_ESCAPE.get(next(rest, ESCAPE), " "))
        else:
            words.append(_BASIC[code] if code < len(_BASIC) else "\ufffd")
    return "".join(words)
