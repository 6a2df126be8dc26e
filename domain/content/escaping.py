"""Where in an HTML text a placeholder stands, and what its value needs to stand there safely.

The static parts of a text are scanned in order; each placeholder is judged by the place the scan has reached. A place
that cannot be made safe (a tag's name, a style, a script) is refused.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from domain.content.filters import words
from domain.sentences import Sentence, say

URL_ATTRIBUTES = frozenset({"href", "src", "background", "cite"})
_TEXT_ATTRIBUTES = frozenset({"alt", "title", "aria-label", "lang"})
_RAW_ELEMENTS = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"})
_WHOLE_HOST = re.compile(r"https://[a-z0-9.-]+(:\d+)?[/?#].*|(mailto|tel):.*", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?([a-zA-Z][^\s/>]*)")


class Place(Enum):
    """Where a value lands."""

    TEXT = "text"  # between tags, or in a plain attribute: the same five characters matter
    URL = "url"  # inside an address
    WHOLE_URL = "whole url"  # an address by itself


class Misplaced(Exception):
    """A placeholder stands where no escaping helps; `sentence` says where."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Scanner:
    """Reads HTML bit by bit and knows where it is. It understands what browsers write, and refuses the rest."""

    def __init__(self) -> None:
        self._rest = ""  # unfinished markup, from the "<" on; empty between tags
        self._raw: str | None = None  # inside <style> and the like
        self.value_of: str | None = None  # the attribute whose value is open
        self._value = ""
        self._quote = ""

    @property
    def state(self) -> tuple[str, str | None, str | None, str]:
        """To compare two ways through an `if`: both must end at the same place."""
        return self._rest, self._raw, self.value_of, self._quote

    @property
    def is_in_markup(self) -> bool:
        """Whether a tag, a comment or a raw element is still open."""
        return bool(self._rest or self._raw)

    def feed(self, data: str) -> None:
        """Go on by one static part."""
        position = 0
        while position < len(data):
            position = self._step(data, position)

    def feed_value(self) -> Place:
        """Go on by one placeholder: where it stands."""
        if self._raw:
            raise Misplaced(say("A placeholder cannot stand inside <%(tag)s>.", tag=self._raw))
        if self.value_of is None:
            if self._rest:
                raise Misplaced(say("A placeholder cannot stand inside a tag; put it in quotes or between tags."))
            return Place.TEXT
        place = self._place_in_attribute()
        self._value += "\0"  # something stood here
        return place

    def _place_in_attribute(self) -> Place:
        if self.value_of in URL_ATTRIBUTES:
            if not self._value:
                return Place.WHOLE_URL
            if "\0" in self._value.partition("//")[0] or not _WHOLE_HOST.fullmatch(self._value):
                raise Misplaced(say("An address begins with https:// and its host; placeholders come after that."))
            return Place.URL
        if self.value_of in _TEXT_ATTRIBUTES:
            return Place.TEXT
        raise Misplaced(say("A placeholder cannot stand in “%(attribute)s”.", attribute=self.value_of))

    def _step(self, data: str, position: int) -> int:
        if self._raw:
            return self._leave_raw(data, position)
        if self.value_of is not None:
            return self._read_value(data, position)
        if self._rest:
            return self._read_tag(data, position)
        start = data.find("<", position)
        if start < 0:
            return len(data)
        self._rest = "<"
        return start + 1

    def _leave_raw(self, data: str, position: int) -> int:
        end = re.compile(rf"</{self._raw}\s*>", re.IGNORECASE).search(data, position)
        if end is None:
            return len(data)
        self._raw = None
        return end.end()

    def _read_value(self, data: str, position: int) -> int:
        end = data.find(self._quote, position)
        self._value += data[position : end if end >= 0 else len(data)]
        if end < 0:
            return len(data)
        self.value_of, self._quote = None, ""
        return end + 1

    def _read_tag(self, data: str, position: int) -> int:
        """From inside `<…`: to the next quoted value, or past the end of the tag."""
        for index in range(position, len(data)):
            character = data[index]
            if self._rest.startswith("<!--"):
                if character == ">" and self._rest.endswith("--"):
                    self._rest = ""
                    return index + 1
            elif character == ">":
                self._close_tag()
                return index + 1
            elif character in "\"'":
                self._open_value(character)
                return index + 1
            self._rest += character
            if self._rest[1:2] and not re.match(r"[a-zA-Z/!?]", self._rest[1]):
                self._rest = ""  # "5 < 6" is text
                return index + 1
        return len(data)

    def _open_value(self, quote_mark: str) -> None:
        name = re.search(r"\s([^\s=>\"'/]+)\s*=\s*$", self._rest)
        self.value_of = name[1].lower() if name else ""
        self._value, self._quote = "", quote_mark
        self._rest = self._rest[: name.start()] + " " if name else self._rest

    def _close_tag(self) -> None:
        tag = _TAG.match(self._rest)
        name = tag[1].lower() if tag else ""
        if name in _RAW_ELEMENTS and not self._rest.startswith("</"):
            self._raw = name
        self._rest = ""


Escape = Callable[[Any, str], str]


def html_text(value: Any, locale: str) -> str:
    """For HTML between tags and in quoted attributes."""
    return str(escape(value if type(value) is str else words(value, locale)))


def html_url(value: Any, locale: str) -> str:
    """For one part of an address in HTML: percent-encoded, which leaves nothing that HTML minds."""
    return quote(words(value, locale), safe="")


def plain_text(value: Any, locale: str) -> str:
    """For text that is only text."""
    return value if type(value) is str else words(value, locale)


ESCAPES: dict[Place, Escape] = {Place.TEXT: html_text, Place.URL: html_url, Place.WHOLE_URL: html_text}
