"""Queues: every lane has a worker, and what members wait for never stands behind anything else."""

import re
from pathlib import Path

import pytest

from tasks import queues, worker

ROOT = Path(__file__).parents[2]
NUDGED = re.compile(r'nudge\(\s*\w+,\s*"([\w.]+)"')


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_lane_has_a_worker_however_many_there_are(count):
    heard = {lane for number in range(count) for lane in worker.lanes_of(number, count)}

    assert heard == set(queues.LANES)


def test_with_more_than_one_worker_one_is_always_free_for_instant_within_a_moment():
    assert list(worker.lanes_of(0, 2)) == [queues.INSTANT, queues.BRIEF]


def test_every_task_that_is_nudged_is_there():
    named = NUDGED.findall((ROOT / "tasks" / "queues.py").read_text())

    assert named
    for name in named:
        module, _, function = name.partition(".")
        assert re.search(rf"^def {function}\(", (ROOT / "tasks" / f"{module}.py").read_text(), re.MULTILINE), name


def test_jobs_are_asked_for_in_one_place_only():
    others = [path for path in (ROOT / "tasks").glob("*.py") if path.name not in ("queues.py", "schedule.py")]
    rooms = [*others, *(ROOT / "web").rglob("*.py"), *(ROOT / "domain").rglob("*.py")]

    assert [path.relative_to(ROOT) for path in rooms if ".enqueue(" in path.read_text()] == []
