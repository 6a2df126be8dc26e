import pytest

from connectors import accounts
from domain.accounts import hook_tokens, vault
from domain.errors import Unacceptable
from models.tenancy import current_tenant_id


@pytest.fixture
def add(session, now):
    vault.unlock(["a key of the tests"])

    def add(system="square", **values):
        return accounts.add(session, tenant_id=current_tenant_id.get(), system=system, values=values, now=now)

    return add


def test_the_token_of_the_hook_leads_to_the_connector(session, add):
    account, token = add(access_token="t", signature_key="k")

    found = hook_tokens.find(session, token, provider="square")

    assert (found.target_kind, found.target_id, found.tenant_id) == ("connector", account.id, account.tenant_id)
    assert hook_tokens.find(session, token, provider="twilio") is None
    assert hook_tokens.find(session, token + "x", provider="square") is None


def test_credentials_are_sealed_and_come_back(add):
    account, _token = add(access_token="very-secret", signature_key="k", url="http://127.0.0.1:8101/")

    assert b"very-secret" not in account.credentials
    assert accounts.settings_of(account).access_token == "very-secret"
    assert accounts.settings_of(account).host == "127.0.0.1:8101"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"access_token": "t"},
        {"access_token": "t", "signature_key": ""},
        {"access_token": "two words", "signature_key": "k"},
        {"access_token": "t", "signature_key": "k", "colour": "green"},
        {"access_token": "t", "signature_key": "k", "url": "ftp://127.0.0.1"},
        {"access_token": "t", "signature_key": "k", "url": "https://user@127.0.0.1"},
    ],
)
def test_settings_that_do_not_fit_are_refused_without_repeating_them(add, values):
    with pytest.raises(Unacceptable) as raised:
        add(**values)

    assert raised.value.errors
    assert "two words" not in raised.value.detail


def test_a_system_we_do_not_know_is_refused(add):
    with pytest.raises(Unacceptable):
        add(system="abacus")
