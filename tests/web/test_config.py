"""What the environment may say."""

import pytest

from web.config import ConfigurationError, driver_url, load

SERVERS = {"DATABASE_URL": "postgresql://u:p@db/x", "REDIS_URL": "redis://r/0"}
SECRETS = {"SECRET_KEY": "a-long-and-random-text", "CREDENTIALS_KEY": "another-long-random-text"}
PRODUCTION = {"REGULARS_ENV": "production"} | SERVERS | SECRETS


def read(monkeypatch, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load()


def test_nothing_set_is_development(monkeypatch):
    settings = read(monkeypatch)

    assert not settings.is_production
    assert settings.home.name == "var"


def test_keys_are_a_list_newest_first(monkeypatch):
    settings = read(monkeypatch, SECRET_KEY="the newest one here, the one before it")

    assert settings.secret_key == ("the newest one here", "the one before it")


def test_production_starts_when_all_is_said(monkeypatch):
    assert read(monkeypatch, **PRODUCTION).is_production


@pytest.mark.parametrize("name", [*SERVERS, *SECRETS])
def test_production_without_one_of_them_names_it(monkeypatch, name):
    with pytest.raises(ConfigurationError, match=f"{name} is missing"):
        read(monkeypatch, **{key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize("weak", ["development-only-secret", "secret", "short", "a-long-and-random-text,change-me"])
@pytest.mark.parametrize("name", SECRETS)
def test_production_with_a_default_secret_names_it(monkeypatch, name, weak):
    with pytest.raises(ConfigurationError, match=f"{name} is missing or a default"):
        read(monkeypatch, **(PRODUCTION | {name: weak}))


def test_production_refuses_the_gap_for_local_sinks(monkeypatch):
    with pytest.raises(ConfigurationError, match="OUTBOUND_ALLOW is for development only"):
        read(monkeypatch, **PRODUCTION, OUTBOUND_ALLOW="localhost:2525")


def test_an_environment_of_another_name_is_refused(monkeypatch):
    with pytest.raises(ConfigurationError, match="REGULARS_ENV"):
        read(monkeypatch, REGULARS_ENV="prod")


def test_a_refusal_never_repeats_the_secret(monkeypatch):
    with pytest.raises(ConfigurationError) as refused:
        read(monkeypatch, **(PRODUCTION | {"SECRET_KEY": "tooshort"}))
    assert "tooshort" not in str(refused.value)


def test_the_driver_is_named_for_sqlalchemy():
    assert driver_url("postgresql://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert driver_url("postgresql+psycopg://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
