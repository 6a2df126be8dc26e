"""What all commands share: the app around them, one answer at the end, a sentence when something is refused."""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import create_engine, exc
from sqlalchemy.orm import Session

from domain.accounts import tenants, vault
from domain.errors import NotFound, Refusal
from domain.tenant_scope import tenant_scope
from models.tenancy import bind_tenant_when_a_transaction_begins
from web import config
from web.config import ConfigurationError, Settings, driver_url
from web.embedded import ServersUnavailable, ensure, guard
from web.embedded.settings import uses_embedded, with_servers

if TYPE_CHECKING:
    from flask import Flask

Answer = dict[str, Any]


def ends_with_json(command: Callable[..., Answer]) -> Callable[..., None]:
    """For commands that end: they return their answer, which is printed for people or, with `--json`, for programs.

    An answer that says `ok: false` ends with exit code 1.
    """

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @functools.wraps(command)
    def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
        answer = command(*args, **kwargs)
        click.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(for_people(answer)))
        if answer.get("ok") is False:
            raise SystemExit(1)

    return run


def for_people(answer: Answer) -> Iterator[str]:
    """The answer as lines."""
    for name, value in answer.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{name}:"
            yield from ("  " + "  ".join(f"{key} {each}" for key, each in row.items()) for row in value)
        elif value is not None:
            yield f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"


@contextmanager
def refusals_said() -> Iterator[None]:
    """A refusal is a sentence on stderr and exit code 1, not a traceback."""
    try:
        yield
    except Refusal as refusal:
        fields = [f"{each.path}: {each.message}" for each in refusal.errors if each.message not in refusal.detail]
        _refuse(" ".join([refusal.detail, *fields]))
    except (ConfigurationError, ServersUnavailable) as error:
        _refuse(str(error))
    except exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42P01":  # undefined table
            raise
        _refuse("The database has no tables yet. Run: regulars db upgrade")
    except exc.OperationalError as error:
        _refuse(f"The database does not answer: {str(error.orig).strip()}")


@contextmanager
def session() -> Iterator[Session]:
    """A session of the app's role and an open vault, without the pages around them. The command commits."""
    settings = environment()
    vault.unlock(settings.credentials_key)
    bind_tenant_when_a_transaction_begins()
    engine = create_engine(driver_url(settings.database_url))
    try:
        with Session(engine) as opened:
            yield opened
    finally:
        engine.dispose()


@contextmanager
def application() -> "Iterator[Flask]":
    """The app without its pages, in its context: for commands that run tasks."""
    from web.background import create_background_app

    app = create_background_app(environment())
    with app.app_context():
        yield app


def environment() -> Settings:
    """The settings of the environment, with the addresses of a database and a Redis that run."""
    return with_servers(config.load())


def keep_servers() -> None:
    """In a process that stays: bring the embedded servers back should their supervisor be killed."""
    settings = config.load()
    if uses_embedded(settings):
        ensure(settings.home)
        guard(settings.home)


@contextmanager
def acting_for(slug: str) -> Iterator[tuple[Session, int]]:
    """A session that acts for the café an operator named, and the café's id. Raises `NotFound`."""
    with session() as opened:
        tenant = tenants.by_slug(opened, slug)
        if tenant is None:
            raise NotFound(f"There is no café {slug}.")
        tenant_id = tenant.id
        opened.rollback()  # the café is bound when a transaction begins
        with tenant_scope(tenant_id):
            yield opened, tenant_id


def public_url() -> str:
    """Where the product stands for the outside world."""
    return config.load().public_url


def pairs(values: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE …` as a mapping; a word without `=` and a key said twice are wrong usage."""
    found: dict[str, str] = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{each!r} is not KEY=VALUE.")
        if key in found:
            raise click.BadParameter(f"{key} is said twice.")
        found[key] = value
    return found


def _refuse(sentence: str) -> None:
    click.echo(sentence, err=True)
    raise SystemExit(1)
