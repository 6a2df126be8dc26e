"""In which encoding a text is written: told by its mark, by being valid UTF-8, or by whoever knows."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from domain.errors import Unacceptable
from domain.sentences import say
from domain.tables.table import UnknownEncoding

# What people are offered when it can't be told.
OFFERED = ("windows-1252", "iso-8859-15", "utf-8", "utf-16-le", "mac-roman", "cp850")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Codecs that Python lists beside the encodings of texts, and that no file is written in.
NONE = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7"}
BLOCK = 1024 * 1024


def of_file(file: BinaryIO, *, named: str | None = None) -> str:
    """The encoding of a text, the whole of which it fits. The file is left at its beginning.

    A mark counts more than what was named. Raises `UnknownEncoding` when it can't be told, `Unacceptable` when what was
    named is no encoding or does not fit.
    """
    start = file.read(4)
    file.seek(0)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    encoding = marked or (_known(named) if named else "utf-8")
    if _fits(file, encoding):
        return encoding
    if marked or named:
        raise Unacceptable(say("This file is not written in %(encoding)s.", encoding=named or encoding))
    raise UnknownEncoding(say("It can't be told in which encoding this file is written."))


def _known(name: str) -> str:
    unknown = Unacceptable(say("There is no encoding %(encoding)s.", encoding=name))
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        raise unknown from None
    if not found._is_text_encoding or found.name.replace("_", "-") in NONE:
        raise unknown
    return found.name


def _fits(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    finally:
        file.seek(0)
    return True


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
