"""How a process says that it lives: a locked file that the kernel unlocks when the process ends, killed or not."""

import fcntl
import os
import secrets
from pathlib import Path


def register(folder: Path) -> int:
    """Say that this process lives; the descriptor returned keeps saying so until it is closed.

    The file gets its final name only once it is locked: whoever looks never meets one that seems abandoned.
    """
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    hidden = folder / f".{name}"
    descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    hidden.rename(folder / name)
    return descriptor
