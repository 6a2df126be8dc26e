"""The test run's servers, and databases cloned from one migrated template."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session

from domain.tenant_scope import tenant_scope
from models.database import db  # binds the café to every session's transactions
from web.cli.db import newest
from web.embedded import Addresses

TEMPLATE = "regulars"
TABLES = db.metadata
_HANG_UP = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()"""
# Without keys and triggers looking on, so that the order does not matter.
_RESTORE = """
    DO $$ DECLARE it record; BEGIN
      SET LOCAL session_replication_role = replica;
      FOR it IN SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                   AND pg_relation_size(oid) > 0 AND relname <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %s', it.name);
      END LOOP;
      PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
         FROM pg_sequences WHERE last_value IS NOT NULL;
    END $$"""
_USED = """
    SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"""


def _in_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@dataclass(frozen=True, slots=True)
class Database:
    """One database: `url` is the app's role, `owner_url` the owner's, `admin_url` the superuser's."""

    name: str
    url: str
    owner_url: str
    admin_url: str

    def engine(self) -> Engine:
        """An engine of the app's role; dispose of it yourself."""
        return create_engine(self.url)

    def wash(self) -> None:
        """Make it as it was when it was made, whoever is still connected: emptying is faster than making anew."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(_HANG_UP)
            connection.execute(_RESTORE)
            connection.execute("UPDATE alembic_version SET version_num = %s", [newest()])
            used = [Identifier(table) for (table,) in connection.execute(_USED)]
            connection.execute(SQL("VACUUM {}").format(SQL(", ").join(used)))

    @contextmanager
    def session(self, tenant_id: int | None = None) -> Iterator[Session]:
        """A session of the app's role on a connection of its own, acting for a café if one is given."""
        engine = self.engine()
        try:
            with tenant_scope(tenant_id), Session(engine) as session:  # type: ignore[arg-type]
                yield session
        finally:
            engine.dispose()


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the embedded servers of this test run are."""

    addresses: Addresses

    @classmethod
    def from_texts(cls, texts: dict[str, str]) -> "Servers":
        return cls(Addresses(**texts))

    def as_texts(self) -> dict[str, str]:
        return asdict(self.addresses)

    def redis_url(self, number: int) -> str:
        """The address of one of Redis' databases."""
        return f"{self.addresses.redis_url.rsplit('/', 1)[0]}/{number}"

    def freeze_template(self) -> None:
        """Let nobody into the migrated database any more, so that it can be cloned at any time."""
        self._execute(f"ALTER DATABASE {TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")

    @contextmanager
    def database(self, name: str, *, like: Database | None = None) -> Iterator[Database]:
        """A fresh clone of the template, or of a database that nobody is connected to; dropped at the end."""
        full_name, original = f"{TEMPLATE}_{name}", like.name if like else TEMPLATE
        self._execute(f"DROP DATABASE IF EXISTS {full_name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {full_name} TEMPLATE {original} OWNER regulars_owner STRATEGY file_copy")
        try:
            yield self._named(full_name)
        finally:
            self._execute(f"DROP DATABASE {full_name} WITH (FORCE)")

    def _named(self, name: str) -> Database:
        return Database(
            name,
            _in_database(self.addresses.database_url, name),
            _in_database(self.addresses.database_owner_url, name),
            _in_database(self.addresses.admin_url, name),
        )

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.addresses.admin_url, autocommit=True) as connection:
            connection.execute(statement)
