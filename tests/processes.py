"""Processes of the product in tests: started with the test's environment, ended whatever happens."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def regulars(*arguments: str, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process of the console; asked to end at the end, and killed with its children if it does not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def children_of(pid: int) -> list[int]:
    """The ids of the processes that this one started and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _parent_of(entry) == pid:
            found.append(int(entry.name))
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Does the process run? One that only waits to be seen off does not."""
    return _stat(Path(f"/proc/{pid}"))[:1] not in ([], ["Z"])


def _parent_of(entry: Path) -> int | None:
    stat = _stat(entry)
    return int(stat[1]) if stat and stat[0] != "Z" else None


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
