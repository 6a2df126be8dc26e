import pytest

from domain.accounts import vault
from models.tenant import Tenant
from tests.factories import Make


def checks(said) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["detail"]) for check in said.json["checks"]}


@pytest.fixture
def gateway(aurora, database, settings):
    """A gateway of the café, sealed with a key that the console does not have."""
    with database.session() as session:
        tenant_id = session.query(Tenant.id).scalar()
    with database.session(tenant_id) as session:
        vault.unlock(("another-key-of-somebody-else",))
        account = Make(session).gateway(credentials=vault.encrypt({"url": "smtp://127.0.0.1:25"}))
        session.commit()
        yield account


def test_nobody_works_yet(console):
    said = console("doctor", "--json")

    assert said.code == 1
    assert checks(said)["workers"][0] is False
    assert checks(said)["scheduler"] == (False, "none: run regulars scheduler")


def test_a_database_that_was_never_migrated_is_told(console, servers):
    said = console("doctor", "--json", DATABASE_URL=servers.addresses.admin_url)

    assert checks(said)["migrations"][0] is False
    assert "regulars db upgrade" in checks(said)["migrations"][1]


def test_a_role_that_passes_the_walls_is_told(console, servers):
    said = console("doctor", "--json", DATABASE_URL=servers.addresses.admin_url)

    assert checks(said)["role"] == (False, "postgres passes every wall between cafés")


def test_a_redis_that_does_not_answer_does_not_hide_the_rest(console):
    said = console("doctor", "--json", REDIS_URL="redis://127.0.0.1:1/0")

    assert checks(said)["redis"][0] is False
    assert checks(said)["database"][0] is True


def test_credentials_that_no_key_opens_are_told(console, gateway):
    ok, detail = checks(console("doctor", "--json"))["gateways"]

    assert not ok
    assert detail.startswith("aurora: smtp")
    assert "CREDENTIALS_KEY" in detail
