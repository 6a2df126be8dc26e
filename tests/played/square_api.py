"""Square's API played on loopback: what it would refuse is refused, what a till put there can be asked for."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp, json_answer

MERCHANT = "6SSW7HV8K2ST5"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
_REFUND_PARAMETERS = {
    "begin_time",
    "end_time",
    "sort_order",
    "cursor",
    "location_id",
    "status",
    "source_type",
    "limit",
    "updated_at_begin_time",
    "updated_at_end_time",
    "sort_field",
}
_SEARCH_FIELDS = {"location_ids", "cursor", "query", "limit", "return_entries"}


class SquareApi(PlayedHttp):
    """One seller's orders, payments, refunds and customers, by id, as Square shows them to who has the token."""

    def __init__(self, *, access_token: str, locations: Sequence[str], port: int = 0) -> None:
        super().__init__(port=port)
        self.access_token = access_token
        self.locations = list(locations)
        self.names: dict[str, str] = {}  # of locations; those without are not named
        self.customers: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.access_token}":
            return _refusal(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.")
        version = request.headers.get("Square-Version", "")
        if version and not _VERSION.fullmatch(version):
            return _bad("INVALID_SQUARE_VERSION_FORMAT", "Square-Version")
        return self._routed(request)

    def _location(self, location: str) -> dict[str, Any]:
        named = {"name": self.names[location]} if location in self.names else {}
        return {"id": location, "merchant_id": MERCHANT, "status": "ACTIVE", **named}

    def _routed(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if request.method == "GET" and len(parts) == 3 and parts[1] in self._nouns:
            noun, things = self._nouns[parts[1]]
            thing = things.get(parts[2])
            return json_answer(200, {noun: thing}) if thing else _not_there()
        if (request.method, request.path) == ("GET", "/v2/locations"):
            return json_answer(200, {"locations": [self._location(each) for each in self.locations]})
        if (request.method, request.path) == ("GET", "/v2/refunds"):
            return self._listed_refunds(request)
        if (request.method, request.path) == ("POST", "/v2/orders/search"):
            return self._searched_orders(request)
        return _not_there()

    @property
    def _nouns(self) -> dict[str, Any]:
        return {
            "orders": ("order", self.orders),
            "payments": ("payment", self.payments),
            "refunds": ("refund", self.returns),
            "customers": ("customer", self.customers),
        }

    def _listed_refunds(self, request: Request) -> Response:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        unknown = asked.keys() - _REFUND_PARAMETERS
        if unknown:
            return _bad("UNKNOWN_QUERY_PARAMETER", unknown.pop())
        if not asked.get("limit", "1").isdigit() or not 1 <= int(asked.get("limit", "1")) <= 100:
            return _bad("VALUE_TOO_HIGH", "limit")
        if asked.get("sort_order", "ASC") not in ("ASC", "DESC"):
            return _bad("INVALID_SORT_ORDER", "sort_order")
        window = (asked.get("updated_at_begin_time", ""), asked.get("updated_at_end_time", "~"))
        found = [each for each in self.returns.values() if window[0] <= each["updated_at"] <= window[1]]
        found.sort(key=lambda each: each["updated_at"])
        return _page("refunds", found, cursor=asked.get("cursor"), limit=int(asked.get("limit", "100")))

    def _searched_orders(self, request: Request) -> Response:
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict):
            return _bad("EXPECTED_JSON_BODY", "")
        wrong = _wrong_search(asked, self.locations)
        if wrong:
            return wrong
        wanted = asked.get("query", {}).get("filter", {})
        field, window = next(iter(wanted.get("date_time_filter", {}).items()), ("updated_at", {}))
        states = wanted.get("state_filter", {}).get("states", ["OPEN", "COMPLETED", "CANCELED", "DRAFT"])
        found = [
            each
            for each in self.orders.values()
            if each["location_id"] in asked["location_ids"]
            and each["state"] in states
            and window.get("start_at", "") <= each.get(field, "") <= window.get("end_at", "~")
        ]
        found.sort(key=lambda each: each[field])
        if not asked.get("return_entries"):
            return _page("orders", found, cursor=asked.get("cursor"), limit=asked.get("limit", 500))
        entries = [{"order_id": o["id"], "version": o["version"], "location_id": o["location_id"]} for o in found]
        return _page("order_entries", entries, cursor=asked.get("cursor"), limit=asked.get("limit", 500))


def _wrong_search(asked: dict[str, Any], locations: Sequence[str]) -> Response | None:
    unknown = asked.keys() - _SEARCH_FIELDS
    if unknown:
        return _bad("UNKNOWN_BODY_PARAMETER", unknown.pop())
    ids = asked.get("location_ids")
    if not isinstance(ids, list) or not ids:
        return _bad("MISSING_REQUIRED_PARAMETER", "location_ids")
    if len(ids) > 10:
        return _bad("ARRAY_LENGTH_TOO_LONG", "location_ids")
    if set(ids) - set(locations):
        return _refusal(403, "AUTHENTICATION_ERROR", "FORBIDDEN", "The location is not this merchant's.")
    if not 1 <= asked.get("limit", 500) <= 1000:
        return _bad("VALUE_TOO_HIGH", "limit")
    query = asked.get("query", {})
    fields = [name.upper() for name in query.get("filter", {}).get("date_time_filter", {})]
    if fields and fields != [query.get("sort", {}).get("sort_field", "CREATED_AT")]:
        return _bad("CONFLICTING_PARAMETERS", "query.sort.sort_field")
    return None


def _page(name: str, things: list[Any], *, cursor: str | None, limit: int) -> Response:
    first = int(cursor or "0")
    document: dict[str, Any] = {name: things[first : first + limit]}
    if first + limit < len(things):
        document["cursor"] = str(first + limit)
    return json_answer(200, document)


def _refusal(status: int, category: str, code: str, detail: str, field: str = "") -> Response:
    error = {"category": category, "code": code, "detail": detail}
    return json_answer(status, {"errors": [error | ({"field": field} if field else {})]})


def _bad(code: str, field: str) -> Response:
    return _refusal(400, "INVALID_REQUEST_ERROR", code, f"{code}: {field}", field)


def _not_there() -> Response:
    return _refusal(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "Resource not found.")
