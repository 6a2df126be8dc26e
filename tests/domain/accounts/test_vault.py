"""Credentials at rest."""

import pytest

from domain.accounts import vault

CREDENTIALS = {"account_sid": "AC1", "auth_token": "quite secret"}


@pytest.fixture(autouse=True)
def _own_keys(monkeypatch):
    monkeypatch.setattr(vault._Keyring, "box", None)


def test_what_is_sealed_comes_back_and_cannot_be_read_meanwhile():
    vault.unlock(["a key"])
    sealed = vault.encrypt(CREDENTIALS)

    assert b"secret" not in sealed
    assert vault.decrypt(sealed) == CREDENTIALS


def test_an_older_key_still_opens_and_the_newest_seals():
    vault.unlock(["older"])
    old = vault.encrypt(CREDENTIALS)
    vault.unlock(["newer", "older"])
    new = vault.encrypt(CREDENTIALS)
    assert vault.decrypt(old) == CREDENTIALS

    vault.unlock(["newer"])
    assert vault.decrypt(new) == CREDENTIALS
    with pytest.raises(vault.WrongKey):
        vault.decrypt(old)


def test_without_keys_nothing_is_sealed_in_the_open():
    with pytest.raises(vault.VaultLocked):
        vault.encrypt(CREDENTIALS)
