"""The API keeps what its own OpenAPI document says, whatever is sent to it."""

import os

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api.conftest import API, Cafe, Caller
from tests.web.api.test_queries import fill

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]
FEW = 10
EXAMPLES = int(os.environ.get("API_EXAMPLES", FEW))


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: schemathesis.SerializationContext, value: str) -> bytes:
    """Lines are sent as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.timeout(600)
def test_whatever_is_sent_the_answer_is_a_documented_one(app: Flask, cafe: Cafe, api: Caller):
    app.config["API_REFUSED_RATE"] = "100000 per minute"
    fill(api, range(1))
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 30
    for operation in operations:
        keeps_its_word(operation, {"Authorization": f"Bearer {cafe.key}"})


def keeps_its_word(operation: schemathesis.APIOperation, key: dict[str, str]) -> None:
    """Send examples of what the document allows, and of what it does not."""
    # A batch is text to OpenAPI: whatever stands in it is answered line by line.
    excused = [negative_data_rejection] if operation.path.endswith("/batch") else []
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES == FEW,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=right | wrong)
    def answers(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=key, checks=CHECKS, excluded_checks=excused)

    answers()


def test_the_document_is_valid_openapi_and_every_operation_says_what_it_does(app: Flask):
    document = app.test_client().get(f"{API}/openapi.json").json
    assert document["openapi"].startswith("3.1")
    validate(document)
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["security"], (method, path)
            assert {"401", "403", "422", "429"} <= set(operation["responses"]), (method, path)
            if method == "post":
                assert "Idempotency-Key" in {each["name"] for each in operation["parameters"]}, path
