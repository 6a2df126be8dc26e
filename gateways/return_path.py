"""Where a mail that cannot be delivered comes back to: an address of its own for each message, signed.

`bounce@cafe.example` becomes `bounce+TOKEN@cafe.example`. The token is the message's number under an HMAC, so nobody
can have an address suppressed whose mail they never saw. Its key is the secret in the address of the account's hook:
whoever sends knows it, and so does the hook that is called.
"""

import hmac
import re
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Iterator
from urllib.parse import urlsplit

_TAG = 10  # octets
_NUMBER = 8
_TOKEN = re.compile(rb"\+([A-Za-z2-7]{29})@")
_PURPOSE = b"regulars return path"
_MOST_LOOKED_AT = 100


class ReturnPath:
    """The return paths of one account, told apart by the address of its hook."""

    def __init__(self, address: str, *, hook_url: str) -> None:
        self._local, _, self._domain = address.rpartition("@")
        self._key = _key(hook_url)

    def of(self, message_id: int) -> str:
        """Where this message comes back to."""
        number = message_id.to_bytes(_NUMBER, "big")
        token = b32encode(number + _tag(self._key, number)).decode().rstrip("=").lower()
        return f"{self._local}+{token}@{self._domain}"


def message_id_in(mail: bytes, *, hook_url: str) -> int | None:
    """The message that a mail is about, by the first return path of this account's that stands in it."""
    key = _key(hook_url)
    for packed in _tokens(mail):
        number, tag = packed[:_NUMBER], packed[_NUMBER:]
        if hmac.compare_digest(tag, _tag(key, number)):
            return int.from_bytes(number, "big")
    return None


def _tokens(mail: bytes) -> Iterator[bytes]:
    for place, found in enumerate(_TOKEN.finditer(mail)):
        if place == _MOST_LOOKED_AT:
            return
        try:
            yield b32decode(found[1].upper() + b"===")
        except NotBase32:
            continue


def _key(hook_url: str) -> bytes:
    secret = urlsplit(hook_url).path.rpartition("/")[2]
    return hmac.digest(secret.encode(), _PURPOSE, "sha256")


def _tag(key: bytes, number: bytes) -> bytes:
    return hmac.digest(key, number, "sha256")[:_TAG]
