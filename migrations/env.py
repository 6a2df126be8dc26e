"""How migrations run: as the owner's role, told which role the app connects as.

`config.attributes` carries `owner_url` (the owner's database URL) and `app_role` (the role the app connects as).
"""

from alembic import context
from sqlalchemy import create_engine, text

from models.database import db

MIGRATIONS_LOCK = 7306001  # two machines that start at once migrate one after the other


def run() -> None:
    """Migrate on a connection of the owner's role, under a lock."""
    engine = create_engine(context.config.attributes["owner_url"])
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '30s'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATIONS_LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=db.metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
