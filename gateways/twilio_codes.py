"""Twilio's error codes, as far as they decide anything. Codes count, never the words beside them."""

from dataclasses import dataclass

BUSY = frozenset({20429, 14107, 30001, 21611, 30022, 30023, 63018})
"""Too much at once, for the account, the sender or its queue: nothing was taken."""

BAD_SET_UP = frozenset({20003, 20404, 21603, 21606, 21703, 21704, 21212, 21659, 30002})
"""Credentials, account or sender: every message would fare the same until a person acts.

A country that is not enabled (21408) and a trial account's unverified number (21608) are not among them: they concern
one guest, and one foreign number must not stop a café's texts.
"""

_BAD_NUMBER = frozenset({21211, 21217, 21614, 30005, 30006})
"""The number takes no texts. One that only this sender cannot reach (21612) stays good for the next sender."""

_OPTED_OUT = 21610


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer other than a success: HTTP status, Twilio's code if it gave one, and its words for people."""

    status: int
    code: int | None
    words: str

    @property
    def described(self) -> str:
        """One line for the owner, code first."""
        what = f"error {self.code}" if self.code else f"HTTP {self.status}"
        return f"{what}: {self.words}"[:300].rstrip(": ")


def suppression(code: int | None) -> str | None:
    """Why a number must not be written to again after this code, or None."""
    if code == _OPTED_OUT:
        return "opted_out"
    return "invalid_address" if code in _BAD_NUMBER else None
