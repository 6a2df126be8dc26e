"""Plivo's error codes, as far as they decide anything."""

_OPTED_OUT = 200
_BAD_NUMBER = frozenset({50, 70})
"""The number does not exist, or takes no texts for good."""


def suppression(code: str) -> str | None:
    """Why a number must not be written to again after this code (digits, "" for none), or None."""
    number = int(code) if code.isdecimal() and len(code) < 10 else 0
    if number == _OPTED_OUT:
        return "opted_out"
    return "invalid_address" if number in _BAD_NUMBER else None
