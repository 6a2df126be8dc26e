"""How long a text message really is: which alphabet it needs, and into how many parts the network cuts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MOST_CHARACTERS = 640  # of an owner's body, as typed

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and one more: two units


class Encoding(StrEnum):
    """The alphabet of a text message."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ONE_PART = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_EACH_OF_MANY = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True)
class SmsSize:
    """What a text costs. `units` of the encoding, `parts` billed, `characters` as people count them.

    `beyond_gsm` holds the characters that made UCS-2 necessary, each once: leaving them out saves parts.
    """

    encoding: Encoding
    units: int
    parts: int
    characters: int
    beyond_gsm: str = ""

    def price(self, per_part: int) -> int:
        """The price of one message in minor units."""
        return self.parts * per_part


def measure(text: str) -> SmsSize:
    """Encoding, units and parts of a text as the member gets it. An empty text has no parts."""
    foreign = "".join(dict.fromkeys(each for each in text if each not in _BASIC and each not in _EXTENDED))
    encoding = Encoding.UCS_2 if foreign else Encoding.GSM_7
    costs = [_units(each, encoding) for each in text]
    return SmsSize(encoding, sum(costs), _parts(costs, encoding), len(text), foreign)


def too_many(body: str) -> int:
    """How many characters an owner's body is over the limit; 0 if it fits."""
    return max(0, len(body) - MOST_CHARACTERS)


def _units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(costs: list[int], encoding: Encoding) -> int:
    if not costs:
        return 0
    if sum(costs) <= _ONE_PART[encoding]:
        return 1
    return sum(1 for _ in _cut(costs, _EACH_OF_MANY[encoding]))


def _cut(costs: list[int], room: int) -> Iterator[int]:
    """The units of each part; a character of two units is never cut in two."""
    used = 0
    for cost in costs:
        if used + cost > room:
            yield used
            used = 0
        used += cost
    yield used
