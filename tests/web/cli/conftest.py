"""The console as a test calls it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from web.cli import main


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def console(environment: dict[str, str]) -> Callable[..., Said]:
    """Runs a command on the test's own database and Redis."""

    def run(*arguments: str, **variables: str | None) -> Said:
        ended = CliRunner().invoke(
            main, arguments, env={**environment, **variables}, prog_name="regulars", catch_exceptions=False
        )
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def aurora(console: Callable[..., Said]) -> dict[str, str]:
    """A café made by the console: what it answered."""
    return console(
        "tenant", "create", "--name", "Aurora", "--slug", "aurora", "--owner", "o@example.com", "--json"
    ).json
