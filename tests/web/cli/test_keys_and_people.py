from sqlalchemy import select

from domain.accounts.secrets import fingerprint
from models.key import ApiKey
from models.user import User


def test_a_key_is_shown_once_and_kept_as_a_hash(console, aurora, database):
    said = console(
        "key", "create", "--tenant", "aurora", "--scope", "members:read", "--scope", "events:write", "--json"
    )

    assert said.json["scopes"] == ["members:read", "events:write"]
    with database.session() as session:
        row = session.scalar(select(ApiKey).order_by(ApiKey.id.desc()))
        assert row.token_hash == fingerprint(said.json["api_key"])
        assert row.scopes == ["members:read", "events:write"]


def test_a_scope_that_does_not_exist_is_refused(console, aurora):
    said = console("key", "create", "--tenant", "aurora", "--scope", "everything")

    assert said.code == 1
    assert "members:read" in said.err


def test_a_support_agent_gets_a_login(console, database):
    said = console("support", "create", "Agent@Example.com", "--json")

    assert said.json.keys() == {"login", "password"}
    with database.session() as session:
        assert session.execute(select(User.email, User.is_support)).one() == ("agent@example.com", True)


def test_an_agent_of_that_address_already_is_refused(console):
    console("support", "create", "agent@example.com")

    assert console("support", "create", "agent@example.com").code == 1
