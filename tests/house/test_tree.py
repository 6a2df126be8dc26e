"""The tree: locks that fit any index, no traces of one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
LONGEST_FILE = 350
MACHINE = re.compile(r"/work/|/root/\.|/home/[a-z]+/|/tmp/bash_jobs")
ASSISTANTS = re.compile(r"\b(chatgpt|copilot|llm|ai|claude|anthropic|openai)\b", re.IGNORECASE)
SELF = "tests/house/test_tree.py"
OTHERS = ("static/vendor/", "static/fonts/")


def tracked() -> list[str]:
    """The texts of ours, without this one: it names what it looks for."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in listed.split("\0")
        if name and name != SELF and not name.startswith(OTHERS) and (ROOT / name).exists()
    ]


def texts() -> dict[str, str]:
    found = {}
    for name in tracked():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            found[name] = content.decode()
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock):
    assert re.findall(r"\S*(?:://|--index|--find-links|@ )\S*", (ROOT / lock).read_text()) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_locked_has_a_hash(lock):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())

    assert [block.splitlines()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_what_runs_is_locked_the_same_for_development():
    running, developing = (set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS)

    assert running - developing == set()


def test_nothing_is_tied_to_one_machine():
    assert {name: MACHINE.findall(text) for name, text in texts().items() if MACHINE.search(text)} == {}


def test_the_product_speaks_for_itself():
    assert {name: ASSISTANTS.findall(text) for name, text in texts().items() if ASSISTANTS.search(text)} == {}


def test_no_file_of_ours_is_longer_than_one_can_read():
    long = {name: len(text.splitlines()) for name, text in texts().items() if name.endswith(".py")}

    too_long = {name for name, length in long.items() if length > LONGEST_FILE}
    assert {name for name in too_long if not name.startswith(("migrations/versions/", "tests/"))} == set()


def test_no_test_is_skipped_and_none_sleeps():
    waits = re.compile(r"pytest\.mark\.skip|pytest\.skip\(|importorskip|@unittest\.skip|time\.sleep\(|mark\.xfail")
    tests = {name: text for name, text in texts().items() if Path(name).name.startswith("test_")}

    guilty = {name: waits.findall(text) for name, text in tests.items() if waits.search(text)}
    assert guilty == {}
