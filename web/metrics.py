"""What this process counts for those who watch it, and what the database tells of delivery over all cafés."""

import time
from collections.abc import Iterator
from datetime import datetime

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from domain.watch import delivery

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


def exposition(session: Session, *, now: datetime) -> bytes:
    """All figures in Prometheus' text format: this process's own, and those of delivery, looked up now."""
    watched = CollectorRegistry(auto_describe=False)
    watched.register(DeliveryCollector(session, now))
    return generate_latest() + generate_latest(watched)


class DeliveryCollector:
    """Delivery's figures. They stand in the database, so every web process tells the same."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Gauges by lane, by outcome and by how gateways stand."""
        yield from self._lanes()
        yield from self._settled()
        yield self._gateways()

    def _lanes(self) -> Iterator[Metric]:
        lanes = delivery.lanes(self._session, now=self._now)
        due = GaugeMetricFamily("regulars_lane_due", "Messages that are due and wait.", labels=["lane"])
        age = GaugeMetricFamily("regulars_lane_age_seconds", "How long the oldest due one has waited.", labels=["lane"])
        work = GaugeMetricFamily("regulars_lane_in_work", "Messages claimed or being handed over.", labels=["lane"])
        ran_out = GaugeMetricFamily("regulars_leases_expired", "Leases nobody renewed, not yet freed.", labels=["lane"])
        for lane in lanes:
            due.add_metric([lane.lane], lane.due)
            age.add_metric([lane.lane], lane.age(self._now))
            work.add_metric([lane.lane], lane.in_work)
            ran_out.add_metric([lane.lane], lane.leases_expired)
        yield from (due, age, work, ran_out)

    def _settled(self) -> Iterator[Metric]:
        number = GaugeMetricFamily("regulars_settled_5m", "Messages settled within 5 minutes.", labels=["state"])
        took = GaugeMetricFamily(
            "regulars_handover_seconds_5m", "From due to handed over, within 5 minutes.", labels=["state", "quantile"]
        )
        for each in delivery.settled(self._session, now=self._now):
            number.add_metric([each.state], each.number)
            for quantile, seconds in (("0.5", each.p50), ("0.95", each.p95)):
                if seconds is not None:
                    took.add_metric([each.state, quantile], seconds)
        yield from (number, took)

    def _gateways(self) -> Metric:
        found = delivery.gateways(self._session, now=self._now)
        standing = GaugeMetricFamily("regulars_gateways", "Gateways stopped or resting.", labels=["standing"])
        standing.add_metric(["stopped"], sum(1 for each in found if each.stopped_at))
        standing.add_metric(["resting"], sum(1 for each in found if not each.stopped_at and each.rests_until))
        return standing
