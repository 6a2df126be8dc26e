"""Whether this process was asked to end: jobs look here between their steps.

A step may be stuck in somebody else's silence. After `DRAIN` the process goes anyway: what it only claimed is planned
again when its lease ends, what it was handing over is unsure.
"""

import os
import threading
from datetime import timedelta

import structlog

DRAIN = timedelta(seconds=9)  # whoever ends us waits for ten

_asked = threading.Event()

log = structlog.get_logger()


def ask() -> None:
    """Let running jobs end after their current step, and end by force when that does not come."""
    if not _asked.is_set():
        _asked.set()
        timer = threading.Timer(DRAIN.total_seconds(), _go)
        timer.daemon = True
        timer.start()


def is_asked_for() -> bool:
    """Whether to end after the current step."""
    return _asked.is_set()


def _go() -> None:
    log.warning("worker.cut_off", after_seconds=DRAIN.total_seconds())
    os._exit(1)
