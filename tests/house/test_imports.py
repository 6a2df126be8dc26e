"""Floors and rooms: a floor knows only the floors below it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_floors_and_rooms_import_downwards_only():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_line_of_the_rules_takes_the_time_as_an_argument():
    readers = ("datetime.now(", "datetime.utcnow(", "date.today(", "time.time(", "clock.now(")
    rules = [path for path in (ROOT / "domain").rglob("*.py") if path.name != "clock.py"]

    guilty = [path.relative_to(ROOT) for path in rules if any(reader in path.read_text() for reader in readers)]

    assert guilty == []


def test_rules_leave_committing_to_the_doors():
    rules = (ROOT / "domain").rglob("*.py")

    assert [path.relative_to(ROOT) for path in rules if "session.commit(" in path.read_text()] == []
