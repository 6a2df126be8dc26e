"""`regulars db`: the tables and their versions."""

from pathlib import Path

import click
import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, make_url

from web.cli.console import Answer, ends_with_json, environment
from web.config import ConfigurationError

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(owner_url: str, app_role: str) -> str:
    """Migrate to the newest tables as the owner's role and open them to `app_role`; the revision reached."""
    config = _config()
    config.attributes["owner_url"] = owner_url
    config.attributes["app_role"] = app_role
    command.upgrade(config, "head")
    _show_revision(owner_url, app_role)
    _let_lay_down(owner_url, app_role)
    return newest()


def newest() -> str:
    """The revision that this version of the product needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise LookupError(f"no migrations in {MIGRATIONS}")
    return revision


def reached(connection: Connection) -> str | None:
    """The revision that a database is at; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def role_of(url: str) -> str:
    """The role that a database address connects as."""
    role = make_url(url).username
    if not role:
        raise ValueError("the database address names no role")
    return role


def _show_revision(owner_url: str, app_role: str) -> None:
    """Let the app see which revision it stands on: it is not ready on an old one."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(sql.SQL("GRANT SELECT ON alembic_version TO {}").format(sql.Identifier(app_role)))


def _let_lay_down(owner_url: str, app_role: str) -> None:
    """Let the app have tables of its connection only: an import lays its rows down there before it merges them."""
    with psycopg.connect(owner_url) as connection:
        asked = "SELECT current_database(), has_database_privilege(%s, current_database(), 'TEMPORARY')"
        database, may = connection.execute(asked, [app_role]).fetchone()
        if not may:
            grant = sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(database), sql.Identifier(app_role)))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@click.group()
def db() -> None:
    """The tables."""


@db.command("upgrade")
@ends_with_json
def upgrade_command() -> Answer:
    """Migrate to this version's tables, as the role of DATABASE_OWNER_URL."""
    settings = environment()
    if not settings.database_owner_url:
        raise ConfigurationError("DATABASE_OWNER_URL is missing: migrations run as the role that owns the tables.")
    return {"revision": upgrade(settings.database_owner_url, role_of(settings.database_url))}
