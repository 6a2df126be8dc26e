"""What every test may ask for: real PostgreSQL and Redis, started once, and a database of its own where it commits."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from domain.tenant_scope import tenant_scope
from models.tenant import Tenant
from tests.databases import Database, Servers
from tests.factories import Make
from web import create_app, embedded
from web.cli import db as migrations
from web.config import Settings

expect.set_options(timeout=30_000)  # a busy machine is slow: how slow decides no test

SERVERS = pytest.StashKey[Servers]()
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
OURS = {field.validation_alias for field in Settings.model_fields.values()}
NO_BROWSER = (
    "No Chromium was found. Install one with `apt-get install chromium` (Debian, as root) "
    "or `.venv/bin/playwright install chromium`."
)


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that hands out the tests, and migrate the template of all databases."""
    for name in OURS:
        os.environ.pop(name, None)
    if hasattr(config, "workerinput"):
        config.stash[SERVERS] = Servers.from_texts(config.workerinput["servers"])
        return
    home = Path(tempfile.mkdtemp(prefix="regulars-tests-"))
    addresses = embedded.ensure(home, settings=FAST)
    config.add_cleanup(lambda: _remove(home))
    migrations.upgrade(addresses.database_owner_url, migrations.role_of(addresses.database_url))
    config.stash[SERVERS] = Servers(addresses)
    config.stash[SERVERS].freeze_template()


def _remove(home: Path) -> None:
    embedded.forget(home)
    shutil.rmtree(home)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell a worker of pytest-xdist where the servers are."""
    node.workerinput["servers"] = node.config.stash[SERVERS].as_texts()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session")
def worker_number() -> int:
    """The number of this xdist worker; 0 without xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture
def now() -> datetime:
    """A Wednesday at noon, in Vienna's winter."""
    return datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


@pytest.fixture
def redis_url(servers: Servers, worker_number: int) -> str:
    """An empty Redis database of this worker."""
    url = servers.redis_url(worker_number)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def _quiet_database(servers: Servers, worker_number: int) -> Iterator[Database]:
    """For tests that undo what they did: never committed to."""
    with servers.database(f"quiet_{worker_number}") as database:
        yield database


@pytest.fixture(scope="session")
def _quiet_engine(_quiet_database: Database):
    engine = create_engine(_quiet_database.url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(_quiet_engine) -> Iterator[Session]:
    """A session as the app's role, acting for a café (`make.tenant_here`); everything is undone after the test.

    A commit inside the test is a savepoint. To act for another café enter `tenant_scope` and commit or roll back
    first: the café is bound when a transaction begins.
    """
    with _quiet_engine.connect() as connection, ExitStack() as stack:
        stack.callback(connection.begin().rollback)
        session = Session(connection, join_transaction_mode="create_savepoint")
        stack.callback(session.close)
        tenant_id = Make(session).tenant(slug="aurora", name="Café Aurora").id
        session.commit()
        stack.enter_context(tenant_scope(tenant_id))
        yield session


@pytest.fixture
def tenant(session: Session) -> Tenant:
    """The café that `session` acts for."""
    return Make(session).tenant_here()


@pytest.fixture
def make(session: Session) -> Make:
    """Builders of rows in `session`."""
    return Make(session)


@pytest.fixture(scope="session")
def _washed_database(servers: Servers, worker_number: int) -> Iterator[Database]:
    with servers.database(f"test_{worker_number}") as database:
        yield database


@pytest.fixture
def database(_washed_database: Database) -> Database:
    """A migrated, empty database of this test's own, for what commits or needs several connections or processes."""
    _washed_database.wash()
    return _washed_database


@pytest.fixture
def settings(database: Database, redis_url: str, tmp_path: Path) -> Settings:
    """What the environment would say, for the test's own database and Redis."""
    return Settings(
        home=tmp_path,
        database_url=database.url,
        database_owner_url=database.owner_url,
        redis_url=redis_url,
        secret_key=("secret-key-of-the-tests",),
        credentials_key=("credentials-key-of-the-tests",),
        outbound_allow=(),
    )


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment for a process of its own that shall see the test's database and Redis."""
    return {
        **os.environ,
        "REGULARS_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key[0],
        "CREDENTIALS_KEY": settings.credentials_key[0],
    }


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on the test's own database and Redis."""
    from models.database import db

    app = create_app(settings)
    app.testing = True
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The application served on loopback, for the browser: its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict, playwright) -> dict:
    """The machine's Chromium, else the one that Playwright brought; without either the test fails and says so."""
    own = Path(playwright.chromium.executable_path)
    path = shutil.which("chromium") or (str(own) if own.exists() else None)
    if path is None:
        pytest.fail(NO_BROWSER)
    return {**browser_type_launch_args, "executable_path": path, "args": ["--no-sandbox"]}
