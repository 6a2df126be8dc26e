"""Members' signed links: nothing to look up, nothing to guess, nothing to read in them.

A token is a claim (which café, member, message, purpose) under an HMAC of 128 bits. The tag also keys the mask that
hides the claim, so the numbers in it cannot be read or compared from outside.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from domain.errors import NotFound
from domain.sentences import say

_TAG = 16
_MOST_TOKEN = 128
_MOST_NUMBER = 2**63 - 1
_FEWEST = 2  # numbers in a claim: the café and the member
_SMALL = [bytes([each]) for each in range(0x80)]


class Purpose(StrEnum):
    """What a link is for; a token of one purpose is worthless for another. Also the first part of its path."""

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    BROWSER = "v"
    CLICK = "c"
    OPEN = "o"


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a token says. `message_id` 0: of no message; `link`: which link of the message was clicked.

    `link_number` is the member's at signing time: compare it with the row, a member's old links end when it grows.
    What is counted (`CLICK`, `OPEN`) names no member: the message knows whose it is, and a short text holds the link.
    """

    purpose: Purpose
    tenant_id: int
    member_id: int
    message_id: int = 0
    link: int = 0
    link_number: int = 0


class LinkSigner:
    """Makes and reads tokens. `keys` newest first: the first signs, all are read, so old links live on."""

    def __init__(self, keys: Sequence[str], *, public_url: str = "") -> None:
        if not keys:
            raise ValueError("at least one key")
        self._keys = [_derived(each) for each in keys]
        self._public_url = public_url.rstrip("/")

    def sign(self, claim: LinkClaim) -> str:
        """The token for a claim: URL-safe, the same for the same claim."""
        tag_key, mask_key = self._keys[0]
        packed = _packed(claim)
        tag = hmac.digest(tag_key, claim.purpose.encode() + packed, "sha256")[:_TAG]
        return urlsafe_b64encode(tag + _masked(packed, mask_key, tag)).rstrip(b"=").decode()

    def url(self, claim: LinkClaim) -> str:
        """The address a member opens. The open pixel ends in `.gif`."""
        ending = ".gif" if claim.purpose is Purpose.OPEN else ""
        return f"{self._public_url}/{claim.purpose.value}/{self.sign(claim)}{ending}"

    def read(self, token: str, purpose: Purpose) -> LinkClaim:
        """The claim of a token of ours for this purpose. `NotFound`, always the same one, for any other text."""
        raw = _decoded(token)
        tag, hidden = raw[:_TAG], raw[_TAG:]
        found = None
        for tag_key, mask_key in self._keys:  # all of them: which key signed must not show in the time
            packed = _masked(hidden, mask_key, tag)
            expected = hmac.digest(tag_key, purpose.value.encode() + packed, "sha256")[:_TAG]
            if hmac.compare_digest(tag, expected):
                found = packed
        if found is None:
            raise NotFound(say("This link does not work. Please use the one in your newest message."))
        return _unpacked(purpose, found)


def _derived(key: str) -> tuple[bytes, bytes]:
    secret = key.encode("utf-8")
    return hmac.digest(secret, b"regulars member link tag", "sha256"), hmac.digest(
        secret, b"regulars member link mask", "sha256"
    )


def _masked(data: bytes, key: bytes, tag: bytes) -> bytes:
    stream = blake2b(tag, key=key, digest_size=64).digest()
    size = min(len(data), len(stream))
    return (int.from_bytes(data[:size]) ^ int.from_bytes(stream[:size])).to_bytes(size)


def _decoded(token: str) -> bytes:
    """The bytes of a token; zeros for what is none, so that it is checked and refused like a wrong one."""
    if token.isascii() and 24 <= len(token) <= _MOST_TOKEN:
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except NotBase64:
            return bytes(_TAG + 5)
        if urlsafe_b64encode(raw).rstrip(b"=").decode() == token:  # one spelling per token
            return raw
    return bytes(_TAG + 5)


def _packed(claim: LinkClaim) -> bytes:
    """The numbers one after the other; zeros at the end say nothing and are left away, for texts are short."""
    numbers = [claim.tenant_id, claim.member_id, claim.message_id, claim.link, claim.link_number]
    while len(numbers) > _FEWEST and numbers[-1] == 0:
        numbers.pop()
    return b"".join(map(_varint, numbers))


def _unpacked(purpose: Purpose, packed: bytes) -> LinkClaim:
    numbers, value, shift = [], 0, 0
    for each in packed:
        value |= (each & 0x7F) << shift
        shift += 7
        if each < 0x80:
            numbers.append(value)
            value, shift = 0, 0
    return LinkClaim(purpose, *numbers)


def _varint(number: int) -> bytes:
    if 0 <= number < 0x80:
        return _SMALL[number]
    if not 0 <= number <= _MOST_NUMBER:
        raise ValueError(f"{number} cannot be part of a link")
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
