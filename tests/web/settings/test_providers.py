"""Accounts with providers, typed in the browser: saved sealed, refused beside the field, nothing typed is lost."""

import pytest

from domain.accounts import vault
from domain.delivery import accounts
from models.gateway import GatewayAccount
from tests.web.conftest import form_token

NEW = "/cafes/aurora/settings/gateways/new"
STAND_IN = "http://127.0.0.1:9"
TYPED = {
    "sendgrid": {"api_key": "SG.secret", "sender": "hello@aurora.example", "from_name": "Aurora"},
    "twilio": {"account_sid": "AC" + "a" * 32, "auth_token": "secret", "sender": "+4366012345"},
    "plivo": {"auth_id": "MA" + "A" * 18, "auth_token": "secret", "sender": "Aurora"},
    "gupshup": {"api_key": "secret", "source": "+436601234567", "app_name": "aurora"},
}
SENDERS = {"sendgrid": "hello@aurora.example", "twilio": "+4366012345", "plivo": "Aurora", "gupshup": ""}


@pytest.fixture
def here(shop, make_here, settings, app):
    """The café's own rows; texts are open for it, and a stand-in on this machine may be reached."""
    vault.unlock(settings.credentials_key)
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"outbound_allow": ("127.0.0.1:9",)})
    tenant = make_here.tenant_here()
    tenant.sms_approved_at, tenant.sms_markets = tenant.created_at, ["AT"]
    shop.commit()
    return shop


OPERATOR = {
    "host": "127.0.0.1", "port": "9", "protection": "smpp", "system_id": "cafe", "password": "secret",
    "alphabet": "gsm", "id_form": "text", "receipt_id_form": "text",
}  # fmt: skip


def send(owner, provider, **values):
    form = TYPED[provider] | {"csrf_token": form_token(owner, f"{NEW}/{provider}"), "url": STAND_IN} | values
    return owner.post(f"{NEW}/{provider}", data=form)


@pytest.mark.parametrize("provider", TYPED)
def test_an_account_is_saved_and_its_secrets_are_sealed(owner, here, provider):
    assert send(owner, provider).status_code == 303

    account = here.query(GatewayAccount).one()
    assert (account.provider, account.sender) == (provider, SENDERS[provider])
    assert b"secret" not in account.credentials
    assert "secret" in str(accounts.settings_of(account))


@pytest.mark.parametrize("provider", TYPED)
def test_what_is_missing_is_said_and_what_was_typed_stays(owner, here, provider):
    name, typed = list(TYPED[provider].items())[-1]
    first = next(iter(TYPED[provider]))
    answer = send(owner, provider, **{first: ""})

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "This is needed." in page
    assert f'name="{name}"' in page
    assert f'value="{typed}"' in page


@pytest.mark.parametrize(
    ("provider", "field", "wrong"),
    [("plivo", "auth_id", "XY1"), ("gupshup", "source", "café"), ("twilio", "account_sid", "no"),
     ("sendgrid", "webhook_public_key", "no key")],
)  # fmt: skip
def test_what_is_no_such_key_is_refused_beside_its_field(owner, here, provider, field, wrong):
    answer = send(owner, provider, **{field: wrong})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)


def test_an_address_we_may_not_reach_is_refused(owner, here):
    answer = send(owner, "sendgrid", url="http://169.254.169.254")

    assert answer.status_code == 422
    assert "We may not connect to this address." in answer.get_data(as_text=True)


def test_new_settings_of_an_account_show_no_secret(owner, here):
    send(owner, "gupshup")
    account = here.query(GatewayAccount).one()

    page = owner.get(f"/cafes/aurora/settings/gateways/{account.id}").get_data(as_text=True)
    assert "New settings for Gupshup" in page
    assert "secret" not in page


def connect_operator(owner, **values):
    form = OPERATOR | {"sender": "+43 660 1234567", "csrf_token": form_token(owner, f"{NEW}/smpp")} | values
    return owner.post(f"{NEW}/smpp", data=form)


def test_an_operator_is_saved_and_its_password_is_sealed(owner, here):
    assert connect_operator(owner, alphabet="latin1", id_form="hex", receipt_id_form="decimal").status_code == 303

    account = here.query(GatewayAccount).one()
    assert (account.provider, account.channel, account.sender) == ("smpp", "sms", "+436601234567")
    assert b"secret" not in account.credentials
    assert accounts.settings_of(account) == {
        "url": "smpp://cafe:secret@127.0.0.1:9", "source_addr": "+436601234567",
        "alphabet": "latin1", "id_form": "hex", "receipt_id_form": "decimal",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "wrong"), [("sender", "Café Aurora!"), ("system_type", "höh"), ("host", "10.0.0.1"), ("password", "")]
)
def test_what_an_operators_sheet_does_not_say_is_refused_beside_its_field(owner, here, field, wrong):
    answer = connect_operator(owner, **{field: wrong})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)
    assert "secret" not in answer.get_data(as_text=True)
