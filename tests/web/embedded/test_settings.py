import pytest

from web.config import Settings
from web.embedded import Addresses, servers
from web.embedded.settings import with_servers

EMBEDDED = Addresses("postgresql://app@embedded/r", "postgresql://owner@embedded/r", "redis://embedded/0", "")


@pytest.fixture(autouse=True)
def embedded(monkeypatch):
    monkeypatch.setattr(servers, "ensure", lambda _home: EMBEDDED)


def test_what_is_not_named_is_embedded():
    settings = with_servers(Settings())

    assert settings.database_url == EMBEDDED.database_url
    assert settings.database_owner_url == EMBEDDED.database_owner_url
    assert settings.redis_url == EMBEDDED.redis_url


def test_a_named_database_is_never_mixed_with_the_owner_of_another():
    settings = with_servers(Settings(database_url="postgresql://app@elsewhere/r"))

    assert (settings.database_url, settings.database_owner_url) == ("postgresql://app@elsewhere/r", None)
    assert settings.redis_url == EMBEDDED.redis_url


def test_a_named_redis_stays():
    settings = with_servers(Settings(redis_url="redis://elsewhere/3"))

    assert (settings.redis_url, settings.database_url) == ("redis://elsewhere/3", EMBEDDED.database_url)
