"""How often somebody may guess a password: counted per account and per address, in Redis, or here when it is down."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from flask import Flask, current_app
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from werkzeug.exceptions import TooManyRequests

from domain.accounts.secrets import fingerprint

PER_ACCOUNT = RateLimitItemPerMinute(8, 10, namespace="sign-in-account")
PER_ADDRESS = RateLimitItemPerMinute(40, 10, namespace="sign-in-address")
WAIT_FOR_REDIS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}

Answer = TypeVar("Answer")
log = structlog.get_logger()


class Attempts:
    """Counts guesses. The account is counted before the password is looked at, so that parallel guesses count too."""

    def __init__(self, redis_url: str) -> None:
        self._shared = FixedWindowRateLimiter(storage_from_string(redis_url, wrap_exceptions=True, **WAIT_FOR_REDIS))
        self._own = FixedWindowRateLimiter(MemoryStorage())

    def begin(self, email: str, address: str) -> None:
        """One more guess. Raises `TooManyRequests` with the seconds to wait."""
        account = _account(email)
        if not self._ask(lambda limiter: limiter.test(PER_ADDRESS, address)):
            raise self._wait(lambda limiter: limiter.get_window_stats(PER_ADDRESS, address).reset_time)
        if not self._ask(lambda limiter: limiter.hit(PER_ACCOUNT, account)):
            raise self._wait(lambda limiter: limiter.get_window_stats(PER_ACCOUNT, account).reset_time)

    def failed(self, address: str) -> None:
        """The guess was wrong: it counts against the address too."""
        self._ask(lambda limiter: limiter.hit(PER_ADDRESS, address))

    def succeeded(self, email: str) -> None:
        """It was no guess: the account's count begins anew."""
        self._ask(lambda limiter: limiter.clear(PER_ACCOUNT, _account(email)))

    def _wait(self, reset_time: Callable[[RateLimiter], float]) -> TooManyRequests:
        return TooManyRequests(retry_after=max(1, math.ceil(self._ask(reset_time) - time.time())))

    def _ask(self, question: Callable[[RateLimiter], Answer]) -> Answer:
        try:
            return question(self._shared)
        except StorageError as error:
            log.warning("redis is down, guesses are counted in this process", error=str(error.storage_error))
            return question(self._own)


def of_app() -> Attempts:
    """The running application's count."""
    attempts: Attempts = current_app.extensions["attempts"]
    return attempts


def init_app(app: Flask) -> None:
    """Count in the application's Redis."""
    app.extensions["attempts"] = Attempts(app.config["SETTINGS"].redis_url)


def _account(email: str) -> str:
    return fingerprint(email.strip().lower())
