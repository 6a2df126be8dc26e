"""Random tokens that are shown once and kept as hashes."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """A token of 256 random bits, safe in addresses and headers."""
    return prefix + secrets.token_urlsafe(32)


def new_password() -> str:
    """A password a person can copy: 120 random bits."""
    return secrets.token_urlsafe(15)


def fingerprint(token: str) -> str:
    """What is kept of a random token. It needs no salt: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
