"""Square's API as far as sales need it: questions over a client that the door built, answers checked, errors told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from connectors.errors import BadCredentials, ConnectorError, NotThere, Permanent, RateLimited, Transient
from connectors.square_objects import (
    Customer,
    CustomerAnswer,
    Location,
    LocationsAnswer,
    Order,
    OrderAnswer,
    OrdersPage,
    Payment,
    PaymentAnswer,
    Refund,
    RefundAnswer,
    RefundsPage,
)

BASE_URL = "https://connect.squareup.com"
VERSION = "2025-08-20"  # of the interface whose answers `square_objects` reads

_ORDERS_A_PAGE = 500  # as entries, ids only
_REFUNDS_A_PAGE = 100  # the most that Square allows
_LOCATIONS_A_SEARCH = 10  # the most that Square allows
_TRANSIENT_CODES = {"TEMPORARY_ERROR", "GATEWAY_TIMEOUT", "CONFLICT", "REQUEST_TIMEOUT", "SERVICE_UNAVAILABLE"}

A = TypeVar("A", bound=BaseModel)


class SquareClient:
    """Asks Square in one seller's name. `http` follows no redirects and knows its time limits; it is closed with us."""

    def __init__(self, http: httpx.Client, *, access_token: str, url: str = BASE_URL) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {access_token}",
            "Square-Version": VERSION,
            "Accept": "application/json",
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def order(self, order_id: str) -> Order:
        """The order as it stands now. Raises `NotThere`, like all of these, when Square does not know it."""
        return self._ask(OrderAnswer, "GET", f"/v2/orders/{_segment(order_id)}").order

    def payment(self, payment_id: str) -> Payment:
        """The payment as it stands now."""
        return self._ask(PaymentAnswer, "GET", f"/v2/payments/{_segment(payment_id)}").payment

    def refund(self, refund_id: str) -> Refund:
        """The refund as it stands now."""
        return self._ask(RefundAnswer, "GET", f"/v2/refunds/{_segment(refund_id)}").refund

    def customer(self, customer_id: str) -> Customer:
        """The seller's customer."""
        return self._ask(CustomerAnswer, "GET", f"/v2/customers/{_segment(customer_id)}").customer

    def locations(self) -> list[Location]:
        """Every location of the seller, closed ones too: their last sales count."""
        return self._ask(LocationsAnswer, "GET", "/v2/locations").locations

    def completed_orders(self, *, since: datetime, until: datetime) -> Iterator[list[str]]:
        """Pages of ids: orders that are completed and last changed in this window, sales and returns alike."""
        locations = [location.id for location in self.locations()]
        for first in range(0, len(locations), _LOCATIONS_A_SEARCH):
            yield from self._orders_at(locations[first : first + _LOCATIONS_A_SEARCH], since=since, until=until)

    def refunds(self, *, since: datetime, until: datetime) -> Iterator[list[Refund]]:
        """Pages of refunds last changed in this window, oldest first."""
        question = {
            "updated_at_begin_time": _instant(since),
            "updated_at_end_time": _instant(until),
            "sort_field": "UPDATED_AT",
            "sort_order": "ASC",
            "limit": str(_REFUNDS_A_PAGE),
        }
        while True:
            page = self._ask(RefundsPage, "GET", "/v2/refunds", params=question)
            yield page.refunds
            if not page.cursor:
                return
            question = question | {"cursor": page.cursor}

    def _orders_at(self, locations: list[str], *, since: datetime, until: datetime) -> Iterator[list[str]]:
        question: dict[str, Any] = {
            "location_ids": locations,
            "query": {
                "filter": {
                    "state_filter": {"states": ["COMPLETED"]},
                    "date_time_filter": {"updated_at": {"start_at": _instant(since), "end_at": _instant(until)}},
                },
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
            "limit": _ORDERS_A_PAGE,
            "return_entries": True,
        }
        while True:
            page = self._ask(OrdersPage, "POST", "/v2/orders/search", json=question)
            yield [entry.order_id for entry in page.order_entries]
            if not page.cursor:
                return
            question = question | {"cursor": page.cursor}

    def _ask(self, answer: type[A], method: str, path: str, **request: Any) -> A:
        try:
            reply = self._http.request(method, self._url + path, headers=self._headers, **request)
        except httpx.HTTPError as error:
            raise Transient(f"Square could not be reached ({type(error).__name__}).") from error
        if not reply.is_success:
            raise _refusal(reply)
        try:
            return answer.model_validate_json(reply.content)
        except ValidationError as error:
            raise Permanent(f"Square's answer to {method} {path} could not be read.") from error


def _segment(identifier: str) -> str:
    return quote(identifier, safe="")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refusal(reply: httpx.Response) -> ConnectorError:
    category, code = _first_error(reply)
    detail = f"Square answered {reply.status_code} {code}".strip() + "."
    if reply.status_code == 429 or category == "RATE_LIMIT_ERROR":
        return RateLimited(detail, retry_after=_seconds(reply.headers.get("Retry-After")))
    if reply.status_code in (401, 403) or category == "AUTHENTICATION_ERROR":
        return BadCredentials(detail)
    if reply.is_server_error or category == "API_ERROR" or code in _TRANSIENT_CODES or not reply.is_client_error:
        return Transient(detail)
    return NotThere(detail) if reply.status_code == 404 else Permanent(detail)


def _first_error(reply: httpx.Response) -> tuple[str, str]:
    try:
        first = reply.json()["errors"][0]
        return str(first["category"]), str(first["code"])
    except (ValueError, LookupError, TypeError):  # a proxy's page instead of Square's words: the status must do
        return "", ""


def _seconds(header: str | None) -> int | None:
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 6 else None
