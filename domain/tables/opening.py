"""A file as a table: what it is, is told by its first bytes; its name says nothing."""

from typing import BinaryIO

from domain.errors import Unacceptable
from domain.sentences import say
from domain.tables import delimited, workbook
from domain.tables.table import NOT_A_TABLE, Table

ZIP = b"PK\x03\x04"
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"SQLite format")


def opened(file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """The table in a file that can be read from its beginning again and stays open while its lines are asked for.

    `encoding` and `delimiter` are those of a text, where they are known. Raises `Unacceptable` for what is no table,
    and `UnknownEncoding` when somebody must say.
    """
    start = file.read(16)
    file.seek(0)
    if not start:
        raise Unacceptable(say("This file is empty."))
    if start.startswith(OLD_OFFICE):
        raise Unacceptable(
            say("This is an old Excel file, or one with a password. Save it as .xlsx without a password.")
        )
    if start.startswith(OTHERS):
        raise Unacceptable(NOT_A_TABLE)
    if start.startswith(ZIP):
        return workbook.opened(file)
    return delimited.opened(file, encoding=encoding, delimiter=delimiter)
