import pytest
from sqlalchemy import select

from domain.delivery import accounts
from models.gateway import GatewayAccount
from models.tenant import Tenant

SMTP = ("gateway", "add", "--tenant", "aurora", "--channel", "email", "--provider", "smtp", "--set")
TWILIO = ("gateway", "add", "--tenant", "aurora", "--channel", "sms", "--provider", "twilio", "--set")
ACCOUNT = f"account_sid=AC{'0' * 32}"
LOOPBACK = "url=http://127.0.0.1:9"


def tenant(database) -> Tenant:
    with database.session() as session:
        return session.scalars(select(Tenant)).one()


def test_settings_may_follow_one_set_or_have_one_each(console, aurora, database):
    said = console(*SMTP, "url=smtp://127.0.0.1:2525", "from=cafe@example.com", "--set", "from_name=Aurora", "--json")

    assert said.json.keys() == {"id", "channel", "provider", "hook_url"}
    with database.session(tenant(database).id) as session:
        account = session.scalars(select(GatewayAccount)).one()
        assert accounts.settings_of(account) == {
            "url": "smtp://127.0.0.1:2525",
            "from": "cafe@example.com",
            "from_name": "Aurora",
        }
        assert (account.sender, account.sender_name, account.set_by_operator) == ("cafe@example.com", "Aurora", True)


def test_the_hooks_address_stands_below_the_public_one(console, aurora, database):
    said = console(
        *TWILIO,
        ACCOUNT,
        LOOPBACK,
        "auth_token=t",
        "from=+436641234567",
        "--json",
        PUBLIC_URL="https://regulars.example",
    )

    assert said.json["hook_url"].startswith("https://regulars.example/hooks/twilio/")
    with database.session(tenant(database).id) as session:
        path = accounts.hook_path_of(session.scalars(select(GatewayAccount)).one())
    assert said.json["hook_url"].endswith(path)


def test_a_gateway_for_texts_approves_them_in_the_cafes_country_and_those_named(console, aurora, database):
    assert tenant(database).sms_approved_at is None

    console(*TWILIO, ACCOUNT, LOOPBACK, "auth_token=t", "from=+436641234567", "markets=DE")

    assert tenant(database).sms_approved_at is not None
    assert tenant(database).sms_markets == ["AT", "DE"]


@pytest.mark.parametrize(
    "values",
    [
        ("url=http://127.0.0.1",),
        ("url=smtp://127.0.0.1:2525", "colour=red"),
        (),
    ],
)
def test_settings_that_do_not_fit_are_refused(console, aurora, database, values):
    said = console(*SMTP[:-1], *(word for each in values for word in ("--set", each)))

    assert (said.code, said.out) == (1, "")
    with database.session(tenant(database).id) as session:
        assert session.scalars(select(GatewayAccount)).all() == []


def test_a_secret_that_does_not_fit_is_not_repeated(console, aurora):
    said = console(*SMTP, "url=ftp://user:hush-hush@mail.example.com")

    assert said.code == 1
    assert "hush-hush" not in said.err


def test_a_provider_of_another_channel_is_refused(console, aurora):
    said = console(*SMTP[:5], "sms", *SMTP[6:], "url=smtp://127.0.0.1:2525")

    assert (said.code, said.err) == (1, "smtp sends email, not sms.\n")


def test_a_setting_without_a_value_and_one_said_twice_are_wrong_usage(console, aurora):
    assert console(*SMTP, "url").code == 2
    assert console(*SMTP, "from=a@example.com", "from=b@example.com").code == 2


def test_a_gateway_may_stand_by_and_have_a_rate(console, aurora, database):
    console(*SMTP, "url=smtp://127.0.0.1:2525", "from=cafe@example.com", "--position", "1", "--per-minute", "600")

    with database.session(tenant(database).id) as session:
        account = session.scalars(select(GatewayAccount)).one()
        assert (account.position, account.per_minute) == (1, 600)


@pytest.mark.parametrize("option", [("--position", "-1"), ("--per-minute", "0"), ("--per-minute", "many")])
def test_a_rate_or_position_that_is_none_is_a_mistake_of_usage(console, aurora, option):
    assert console(*SMTP, "url=smtp://127.0.0.1:2525", "from=cafe@example.com", *option).code == 2


def test_a_gateway_may_have_a_price(console, aurora, database):
    console(*TWILIO, ACCOUNT, LOOPBACK, "auth_token=t", "from=+436641234567", "--price", "0.065")

    with database.session(tenant(database).id) as session:
        assert session.scalars(select(GatewayAccount.price_per_part)).one() == 650


def test_a_price_that_is_none_is_refused_and_nothing_added(console, aurora, database):
    said = console(*TWILIO, ACCOUNT, LOOPBACK, "auth_token=t", "from=+436641234567", "--price", "cheap")

    assert (said.code, said.out) == (1, "")
    with database.session(tenant(database).id) as session:
        assert session.scalars(select(GatewayAccount)).all() == []
