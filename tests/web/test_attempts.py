"""Guessing is counted even where Redis is gone."""

import pytest
from werkzeug.exceptions import TooManyRequests

from web.attempts import Attempts

NOBODY_LISTENS = "redis://127.0.0.1:9/0"


def test_guesses_are_counted_when_redis_is_down():
    attempts = Attempts(NOBODY_LISTENS)
    for _ in range(8):
        attempts.begin("owner@aurora.example", "203.0.113.9")

    with pytest.raises(TooManyRequests) as refused:
        attempts.begin("OWNER@aurora.example", "203.0.113.9")
    assert 0 < refused.value.retry_after <= 600


def test_two_processes_count_together(redis_url):
    for _ in range(4):
        Attempts(redis_url).begin("owner@aurora.example", "203.0.113.9")
        Attempts(redis_url).begin("owner@aurora.example", "203.0.113.8")

    with pytest.raises(TooManyRequests):
        Attempts(redis_url).begin("owner@aurora.example", "203.0.113.7")
