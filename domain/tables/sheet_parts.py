"""The parts of a workbook beside its sheets: which sheets there are, the texts that cells share, how numbers look."""

import posixpath
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from zipfile import ZipFile

from domain.tables import xml_stream
from domain.tables.xml_stream import Attributes

BOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
# Numbers of formats that are built in (ECMA-376, 18.8.30), with those that show days in East Asia.
DAYS = {14, 15, 16, 17, 22, *range(27, 32), 34, 35, 36, *range(50, 59)}
TIMES = {18, 19, 20, 21, 32, 33, 45, 46, 47}
_SAID_LITERALLY = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


class Shown(Enum):
    """As what a number is shown."""

    NUMBER = 0
    DAY = 1
    TIME = 2


Styles = list[Shown]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is shown: its name and where it stands in the archive."""

    name: str
    path: str


@dataclass(slots=True)
class Book:
    """The sheets in their order, and where texts and styles stand, if there are any."""

    sheets: list[Sheet] = field(default_factory=list)
    texts: str | None = None
    styles: str | None = None
    from_1904: bool = False


def book(archive: ZipFile) -> Book | None:
    """What the workbook holds; None when the archive is none."""
    if BOOK not in archive.namelist():
        return None
    found, shown = Book(), []

    def start(name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            found.from_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet" and attributes.get("state", "visible") == "visible":
            shown.append((attributes["name"], _relation(attributes)))

    _read(archive, BOOK, start)
    relations = _relations(archive)
    paths = {key: path for key, (_, path) in relations.items()}
    of_kind = dict(relations.values())
    found.sheets = [Sheet(name, paths[key]) for name, key in shown if relations[key][0] == "worksheet"]
    found.texts, found.styles = of_kind.get("sharedStrings"), of_kind.get("styles")
    return found


def texts(archive: ZipFile, book: Book) -> list[str]:
    """The texts that cells share, by their number. How they are pronounced is left out."""
    found: list[str] = []
    if book.texts is None:
        return found
    parts: list[str] = []
    reading = {"t": False, "rPh": False}

    def start(name: str, _attributes: Attributes) -> None:
        if name in reading:
            reading[name] = True

    def end(name: str) -> None:
        if name in reading:
            reading[name] = False
        elif name == "si":
            found.append("".join(parts))
            parts.clear()

    def text(said: str) -> None:
        if reading["t"] and not reading["rPh"]:
            parts.append(said)

    with archive.open(book.texts) as stream:
        list(xml_stream.read(stream, found=[], start=start, end=end, text=text))
    return found


def styles(archive: ZipFile, book: Book) -> Styles:
    """As what the numbers of each style are shown."""
    found: Styles = []
    if book.styles is None:
        return found
    own: dict[str, Shown] = {}
    inside = {"cellXfs": False}

    def start(name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            own[attributes["numFmtId"]] = _shown_by(attributes["formatCode"])
        elif name == "cellXfs":
            inside[name] = True
        elif name == "xf" and inside["cellXfs"]:
            number = attributes.get("numFmtId", "0")
            found.append(own[number] if number in own else _built_in(int(number)))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside[name] = False

    _read(archive, book.styles, start, end)
    return found


def _built_in(number: int) -> Shown:
    if number in DAYS:
        return Shown.DAY
    return Shown.TIME if number in TIMES else Shown.NUMBER


def _shown_by(code: str) -> Shown:
    letters = set(_SAID_LITERALLY.sub("", code.split(";", maxsplit=1)[0].lower()))
    if letters & set("dy") or ("m" in letters and not letters & set("hs")):
        return Shown.DAY
    return Shown.TIME if letters & set("hs") else Shown.NUMBER


def _relations(archive: ZipFile) -> dict[str, tuple[str, str]]:
    """What kind of part a relation leads to, and where that stands, by the relation's id."""
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            found[attributes["Id"]] = (posixpath.basename(attributes["Type"]), _path(attributes["Target"]))

    _read(archive, RELATIONS, start)
    return found


def _relation(attributes: Attributes) -> str:
    return next(value for name, value in attributes.items() if name.rpartition(" ")[2] == "id" and " " in name)


def _path(target: str) -> str:
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _read(archive: ZipFile, path: str, start: Any, end: Any = None) -> None:
    with archive.open(path) as stream:
        list(xml_stream.read(stream, found=[], start=start, end=end))
