"""The console as a test calls it."""

from collections.abc import Callable

import pytest

from tests.web.conftest import Said


@pytest.fixture
def aurora(console: Callable[..., Said]) -> dict[str, str]:
    """A café made by the console: what it answered."""
    return console(
        "tenant", "create", "--name", "Aurora", "--slug", "aurora", "--owner", "o@example.com", "--json"
    ).json
