"""What this process counts for those who watch it."""

import time

from flask import Flask, Response, g, request
from prometheus_client import Histogram

REQUESTS = Histogram(
    "regulars_http_request_seconds", "Time to answer, by endpoint and status.", ["method", "endpoint", "status"]
)


def init_app(app: Flask) -> None:
    """Measure every request. Endpoints, not addresses: these would name members."""
    app.before_request(_begin)
    app.after_request(_observe)


def _begin() -> None:
    g.began_at = time.perf_counter()


def _observe(response: Response) -> Response:
    began_at = g.get("began_at")
    if began_at is not None:
        labels = (request.method, request.endpoint or "none", str(response.status_code))
        REQUESTS.labels(*labels).observe(time.perf_counter() - began_at)
    return response
