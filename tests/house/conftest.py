"""The application as a thing to look at: nothing here serves a request."""

from pathlib import Path

import pytest
from flask import Flask

from tests.databases import Servers
from web import create_app
from web.config import Settings


@pytest.fixture(scope="session")
def app(servers: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, which opens no connection until it is asked something."""
    home: Path = tmp_path_factory.mktemp("home")
    return create_app(
        Settings(home=home, database_url=servers.addresses.database_url, redis_url=servers.redis_url(worker_number))
    )
