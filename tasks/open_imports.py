"""Imports kept open in this process between two slices: their rows stay laid down, on a connection of their own.

Another worker that takes the import over lays the file down anew: what this one keeps is closed when nobody comes back.
"""

import atexit
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from tasks.loading import Load

MOST_OPEN = 4
IDLE_SECONDS = 120.0


@dataclass(slots=True)
class _Kept:
    load: Load
    begun_at: datetime | None
    used_at: float


_kept: OrderedDict[tuple[int, int], _Kept] = OrderedDict()


def keep(tenant_id: int, import_id: int, load: Load, *, begun_at: datetime | None) -> None:
    """Keep an import that goes on later; `begun_at` tells this run of it from another one."""
    _kept[tenant_id, import_id] = _Kept(load, begun_at, time.monotonic())
    while len(_kept) > MOST_OPEN:
        close(*next(iter(_kept)))


def take(tenant_id: int, import_id: int, *, begun_at: datetime | None) -> Load | None:
    """Go on with an import that this process kept open, if it did; one of an earlier run is closed."""
    close_idle()
    kept = _kept.get((tenant_id, import_id))
    if kept is None:
        return None
    if kept.begun_at != begun_at:
        close(tenant_id, import_id)
        return None
    return _kept.pop((tenant_id, import_id)).load


def close(tenant_id: int, import_id: int) -> None:
    """Close an import, if it is kept open."""
    kept = _kept.pop((tenant_id, import_id), None)
    if kept is not None:
        kept.load.close()


def close_idle() -> None:
    """Close what nobody came back to for a while."""
    before = time.monotonic() - IDLE_SECONDS
    for key in [key for key, kept in _kept.items() if kept.used_at < before]:
        close(*key)


@atexit.register
def close_all() -> None:
    """Close everything: the process ends."""
    for key in list(_kept):
        close(*key)
