"""What a vendor's OpenAPI file has against a body of ours."""

import json
from pathlib import Path
from typing import Any

import jsonschema

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def api_of(contracts: Path, vendor: str) -> dict[str, Any]:
    """The OpenAPI file of a vendor of messages."""
    return json.loads((contracts / "messaging" / vendor / "openapi.json").read_text())


def objections(api: dict[str, Any], path: str, body: Any, *, kind: str = JSON) -> list[str]:
    """What the contract has against a body posted to a path; empty when nothing."""
    schema = api["paths"][path]["post"]["requestBody"]["content"][kind]["schema"]
    whole = schema | {"components": api.get("components", {})}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(body)]


def example(api: dict[str, Any], path: str, status: str, *, kind: str = JSON) -> Any:
    """The contract's example of an answer."""
    content = api["paths"][path]["post"]["responses"][status].get("content", {})
    return content.get(kind, {}).get("example")


def statuses(api: dict[str, Any], path: str) -> set[str]:
    """The statuses the contract answers with."""
    return set(api["paths"][path]["post"]["responses"])
