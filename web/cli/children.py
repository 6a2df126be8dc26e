"""Processes of our own, held by the one that started them: restarted when they die, told to end when we are."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.1  # seconds
LONGEST_PAUSE = 30.0  # seconds before a process that keeps dying is tried again
CALM_AFTER = 10.0  # seconds after which a death counts as the first one


class Child:
    """One process, a module of ours with its arguments: how to start it, and how often it died in a row."""

    def __init__(self, arguments: Sequence[str], *, module: str = "web.cli") -> None:
        # -P: what lies in the folder we were called from must not be taken for our code.
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._deaths = 0

    def keep_up(self) -> None:
        """Start it, or start it again some time after it died: the more often, the later."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self._deaths = 1 if now - self._started_at > CALM_AFTER else self._deaths + 1
            self._start_at = now + min(0.25 * 2**self._deaths, LONGEST_PAUSE)
            self._process = None
        if self._process is None and now >= self._start_at:
            self.start()

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us, and we say what follows."""
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            # It hears of our end however we end, and finishes its job.
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (there are no threads here)
        )
        self._started_at = time.monotonic()

    def ask_to_end(self) -> None:
        """Let it finish what it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait() if self._process else 0


def run_for_ever(children: Sequence[Child]) -> None:
    """Keep these processes up until we are told to end; then each finishes its job."""
    _end_on_signals()
    try:
        while True:
            for child in children:
                child.keep_up()
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        _end(children)


def run_once(children: Sequence[Child]) -> bool:
    """Start these processes and wait for all; whether all ended well."""
    _end_on_signals()
    try:
        for child in children:
            child.start()
        return not any([child.wait() for child in children])  # noqa: C419 (wait for all of them)
    except KeyboardInterrupt:
        _end(children)
        return False


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.ask_to_end()
    for child in children:
        child.wait()


def _end_on_signals() -> None:
    """From here on the first SIGTERM or SIGINT raises `KeyboardInterrupt`; further ones are not heard."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(1)
