"""A wording in which what guests open and click can be counted: its addresses become gaps, filled for each guest.

Whoever may be counted gets links of ours that lead on, everybody else the plain addresses. Only addresses that are the
same for everyone are counted: what holds a placeholder may tell something about the guest, and stays as it is.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from domain.content import rendering
from domain.content.placeholders import OPENED, Catalogue, clicked
from domain.content.rendering import Compiled, Kind
from domain.errors import Unacceptable

LONGEST = 2000  # octets of an address that is counted; a longer one stays as it is
_IN_HTML = re.compile(r"""(<a\s(?:[^<>"]|"[^"]*")*?\bhref=")(https?://[^\s"<>{}]+)(?=")""", re.IGNORECASE)
_IN_TEXT = re.compile(r"""(\b)(https?://[^\s"<>{}|\\^`]+)""", re.IGNORECASE)
_ENDS_A_SENTENCE = ".,;:!?)]'’”“»"
_PIXEL = f'{{% if {OPENED} %}}<img src="{{{{ {OPENED} }}}}" width="1" height="1" alt="">{{% endif %}}'


@dataclass(frozen=True, slots=True)
class Countable:
    """A compiled text and the addresses in its gaps: `links.clicked_<n>` stands for the nth."""

    compiled: Compiled
    addresses: tuple[str, ...]
    has_pixel: bool = False

    @property
    def plain(self) -> dict[str, str]:
        """What fills the gaps for who is not counted."""
        opened = {OPENED: ""} if self.has_pixel else {}
        return {clicked(number): address for number, address in enumerate(self.addresses)} | opened


@lru_cache(maxsize=512)
def compile(source: str, kind: Kind) -> Countable:
    """A checked text (HTML, or what goes out as a short text) with its addresses as gaps, and room for the pixel."""
    addresses: list[str] = []
    parts = list(rendering.split(source))
    found = "".join(
        part if is_tag else _with_gaps(part, kind, addresses, goes_on=_goes_on(parts, at))
        for at, (is_tag, part) in enumerate(parts)
    )
    has_pixel = kind is Kind.HTML
    try:
        known = Catalogue(counted=len(addresses))
        return Countable(
            rendering.compile(_with_pixel(found) if has_pixel else found, kind, known), tuple(addresses), has_pixel
        )
    except Unacceptable:  # an address stood where no gap may: the wording goes out as it is
        return Countable(rendering.compile(source, kind), ())


def _goes_on(parts: list[tuple[bool, str]], at: int) -> bool:
    return at + 1 < len(parts)


def _with_gaps(part: str, kind: Kind, addresses: list[str], *, goes_on: bool) -> str:
    """The part with gaps for its addresses, which are added to the list. `goes_on`: a tag follows it."""
    return "".join(_pieces(part, kind, addresses, goes_on))


def _pieces(part: str, kind: Kind, addresses: list[str], goes_on: bool) -> Iterator[str]:
    end = 0
    for match in (_IN_HTML if kind is Kind.HTML else _IN_TEXT).finditer(part):
        before, address = match.groups()
        if kind is not Kind.HTML:
            address = address.rstrip(_ENDS_A_SENTENCE)
            if goes_on and match.end() == len(part):
                continue  # the address goes on with a value
        plain = html.unescape(address) if kind is Kind.HTML else address
        if not _is_countable(plain):
            continue
        if plain not in addresses:
            addresses.append(plain)
        yield part[end : match.start()] + before + "{{ " + clicked(addresses.index(plain)) + " }}"
        end = match.start() + len(before) + len(address)
    yield part[end:]


def _is_countable(address: str) -> bool:
    return len(address.encode("utf-8")) <= LONGEST and address.isprintable() and " " not in address


def _with_pixel(source: str) -> str:
    body, end, rest = source.rpartition("</body>")
    return f"{body}{_PIXEL}{end}{rest}" if end else source + _PIXEL
