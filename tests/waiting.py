"""Waiting for something to become true, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, within: float = 60.0, what: str = "the condition", every: float = 0.02) -> T:
    """The first truthy answer of `condition`, asked `every` so many seconds; fails the test after `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within:.0f} seconds")
        time.sleep(every)
    return answer
