"""Where the vendors' contracts lie: `make contracts DIR=…` gives the folder as `CONTRACTS_DIR` or `--contracts`."""

import os
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--contracts", help="the folder of vendor contracts")


@pytest.fixture(scope="session")
def contracts(pytestconfig: pytest.Config) -> Path:
    """The folder of vendor contracts, with `messaging/` and `business/` in it."""
    named = pytestconfig.getoption("--contracts", None) or os.environ.get("CONTRACTS_DIR")
    if not named:
        pytest.fail("Name the folder of vendor contracts: make contracts DIR=…")
    folder = Path(named)
    if not (folder / "messaging").is_dir():
        pytest.fail(f"There are no vendor contracts in {folder}: it should hold messaging/ and business/.")
    return folder
