"""When to try again."""

import random
from datetime import timedelta

FIRST_MINUTES = (1, 5, 30)
THEN_MINUTES = 60
JITTER = 0.1  # share of the wait, so that what failed together does not come back together


def wait(attempts: int, *, at_least: int | None = None) -> timedelta:
    """The wait after that many attempts: 1, 5, 30 minutes, then an hour, plus a little; `at_least` seconds if the
    provider said so."""
    minutes = FIRST_MINUTES[attempts - 1] if 0 < attempts <= len(FIRST_MINUTES) else THEN_MINUTES
    seconds = max(minutes * 60, at_least or 0)
    return timedelta(seconds=seconds * (1 + JITTER * random.random()))  # noqa: S311 (spreads load, hides nothing)
