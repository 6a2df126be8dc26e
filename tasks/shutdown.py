"""Whether this process was asked to end: jobs look here between their steps."""

import threading

_asked = threading.Event()


def ask() -> None:
    """Let running jobs end after their current step."""
    _asked.set()


def is_asked_for() -> bool:
    """Whether to end after the current step."""
    return _asked.is_set()
