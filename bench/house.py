"""What a benchmark stands on: the embedded servers as the product starts them, and databases thrown away afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from domain import clock
from domain.accounts import tenants, vault
from domain.loyalty import defaults
from tests.databases import Database, Servers
from web import embedded
from web.cli import db as migrations
from web.config import Settings

SECRET = "secret-key-of-the-benchmarks"


@dataclass(frozen=True, slots=True)
class Cafe:
    """A café opened for a benchmark."""

    id: int
    slug: str
    api_key: str


@dataclass(frozen=True, slots=True)
class House:
    """PostgreSQL and Redis, with PostgreSQL's own settings: a commit is on the disk."""

    home: Path
    servers: Servers

    @contextmanager
    def database(self, name: str, *, like: Database | None = None) -> Iterator[Database]:
        """A migrated, empty database, or a copy of another one that nobody is connected to."""
        with self.servers.database(f"bench_{name}", like=like) as database:
            yield database

    def settings(self, database: Database, *, redis: int = 0) -> Settings:
        """The product's settings for a database; `redis` is the number of one of Redis' own."""
        return Settings(
            home=self.home,
            database_url=database.url,
            database_owner_url=database.owner_url,
            redis_url=self.servers.redis_url(redis),
            secret_key=(SECRET,),
            credentials_key=(SECRET,),
            outbound_allow=(),
        )

    def environment(self, settings: Settings) -> dict[str, str]:
        """The environment for a process of its own that shall see the same."""
        return {
            **os.environ,
            "REGULARS_HOME": str(settings.home),
            "DATABASE_URL": settings.database_url or "",
            "REDIS_URL": settings.redis_url or "",
            "SECRET_KEY": SECRET,
            "CREDENTIALS_KEY": SECRET,
        }

    def calm(self) -> None:
        """Write out what earlier rounds left in memory, so that no round pays for another's."""
        with psycopg.connect(self.servers.addresses.admin_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")


@contextmanager
def opened() -> Iterator[House]:
    """Start the servers in a home of their own; at the end both are ended and deleted."""
    home = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    try:
        addresses = embedded.ensure(home)
        migrations.upgrade(addresses.database_owner_url, migrations.role_of(addresses.database_url))
        servers = Servers(addresses)
        servers.freeze_template()
        yield House(home, servers)
    finally:
        embedded.forget(home)
        shutil.rmtree(home)


def open_cafe(database: Database, *, slug: str, now: datetime | None = None) -> Cafe:
    """A café as `regulars tenant create` opens it."""
    now = now or clock.now()
    vault.unlock([SECRET])
    with database.session() as session:
        cafe = tenants.create(session, tenants.CafeDetails("Café Aurora", slug), owner_email="o@example.com", now=now)
        defaults.open_cafe(session, cafe.tenant, now=now)
        session.commit()
        return Cafe(cafe.tenant.id, slug, cafe.api_key)
