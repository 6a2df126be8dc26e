"""A home of an older version is told from one of today's."""

import json

import pytest

from demo import earlier


@pytest.fixture
def home(tmp_path):
    (tmp_path / "demo.json").write_text("{}")
    earlier.remember(tmp_path)
    return tmp_path


def test_a_new_home_is_nobody_s_yet(tmp_path):
    assert not earlier.is_outgrown(tmp_path)


def test_a_second_start_goes_on(home):
    assert not earlier.is_outgrown(home)


def test_a_migration_that_came_since_is_simply_run(home):
    note = home / earlier.NOTE
    made_by = json.loads(note.read_text())
    made_by.popitem()
    note.write_text(json.dumps(made_by))
    assert not earlier.is_outgrown(home)


def test_tables_of_a_migration_that_was_rewritten_are_outgrown(home):
    note = home / earlier.NOTE
    made_by = json.loads(note.read_text())
    note.write_text(json.dumps(made_by | dict.fromkeys(list(made_by)[:1], "another")))
    assert earlier.is_outgrown(home)


def test_a_home_from_before_it_was_noted_is_outgrown(home):
    (home / earlier.NOTE).unlink()
    assert earlier.is_outgrown(home)
