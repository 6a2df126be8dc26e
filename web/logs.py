"""What the processes write down: one line of JSON each, in UTC, without what belongs to people."""

import logging
import sys

import structlog


def configure() -> None:
    """Log to the error stream. Tracebacks come without the values of variables: these hold secrets and addresses."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_names: str) -> structlog.PrintLogger:
    # Looked up at each use: tests and supervisors put other streams in its place.
    return structlog.PrintLogger(sys.stderr)
