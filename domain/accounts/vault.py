"""Credentials of gateways and connectors, encrypted at rest."""

import base64
import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"regulars credentials"


class VaultLocked(RuntimeError):
    """The vault was used before it got its keys."""


class WrongKey(RuntimeError):
    """None of the keys opens this: CREDENTIALS_KEY lost the key it was sealed with."""


class _Keyring:
    """The keys of this process: there is one environment, so there is one ring."""

    box: MultiFernet | None = None


def unlock(keys: Sequence[str]) -> None:
    """Give the vault its keys, newest first: the first one seals, all of them open. Done once when a process starts."""
    _Keyring.box = MultiFernet([Fernet(_derive(key)) for key in keys])


def encrypt(credentials: Mapping[str, str]) -> bytes:
    """Seal credentials for a row."""
    return _opened().encrypt(json.dumps(dict(credentials)).encode())


def decrypt(sealed: bytes) -> dict[str, str]:
    """The credentials of a row. Raises `WrongKey` when no key opens it."""
    try:
        return json.loads(_opened().decrypt(sealed))
    except InvalidToken:
        raise WrongKey("These credentials were sealed with a key that CREDENTIALS_KEY does not name.") from None


def _opened() -> MultiFernet:
    if _Keyring.box is None:
        raise VaultLocked("The vault has no keys yet: call unlock first.")
    return _Keyring.box


def _derive(key: str) -> bytes:
    # Any long text may be a key in the environment; Fernet wants exactly 32 bytes.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
