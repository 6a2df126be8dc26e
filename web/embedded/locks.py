"""Locks that the kernel lets go of when their holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE = 0.02  # seconds between two tries


class LockTimeout(TimeoutError):
    """The lock was not free in time."""


def try_to_take(path: Path) -> int | None:
    """The descriptor that holds the lock, or None when somebody else does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take(path: Path, *, within: float) -> int:
    """The descriptor that holds the lock; raises `LockTimeout` after `within` seconds."""
    deadline = time.monotonic() + within
    while (descriptor := try_to_take(path)) is None:
        if time.monotonic() > deadline:
            raise LockTimeout(f"{path} stayed locked for {within:.0f} seconds.")
        time.sleep(PAUSE)
    return descriptor


@contextmanager
def held(path: Path, *, within: float) -> Iterator[None]:
    """Hold the lock for a block."""
    descriptor = take(path, within=within)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Does somebody hold the lock right now?"""
    descriptor = try_to_take(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
