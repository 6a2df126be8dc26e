"""Quoted-printable (RFC 2045), for bodies that are encoded while they are rendered.

A text is put together from pieces, each encoded by itself. Every piece begins at the start of a line and ends at the
end of one (by a soft break where it has none of its own), so pieces fit together in any order.
"""

import re
from binascii import b2a_qp

SOFT_BREAK = "=\r\n"
_EASY = re.compile(r"[ -<>-~]{0,75}")  # printable ASCII without "=", short enough for one line


class QuotedPrintable(bytes):
    """A body, encoded: ASCII, lines of at most 76 octets, CRLF."""


def encode_piece(text: str) -> str:
    """One piece, ending at the end of a line; "" stays ""."""
    if _EASY.fullmatch(text):
        return text + SOFT_BREAK if text else ""
    encoded = _encode(text)
    return encoded if encoded.endswith("\r\n") else encoded + SOFT_BREAK


def join_pieces(pieces: str) -> QuotedPrintable:
    """The body from its joined pieces."""
    whole = pieces.removesuffix(SOFT_BREAK)
    if whole[-1:] in (" ", "\t"):
        whole = whole[:-1] + f"=\r\n={ord(whole[-1]):02X}"  # white space at a line's end would get lost
    return QuotedPrintable(whole.encode("ascii"))


def encode_body(text: str) -> QuotedPrintable:
    """A whole text as a body; line ends of any kind become CRLF."""
    return QuotedPrintable(_encode(text).encode("ascii"))


def _encode(text: str) -> str:
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return b2a_qp(unix.encode("utf-8"), istext=True).decode("ascii").replace("\n", "\r\n")
