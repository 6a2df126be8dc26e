"""Whether an answer is what our own OpenAPI document promises."""

import re
from functools import lru_cache
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from web.blueprints.api.noun import PREFIX


def assert_promised(app: Flask, response: TestResponse) -> None:
    """Fails unless status, content type and body stand in the document; answers to no operation pass."""
    path = _template(app, response.request.path, response.request.method)
    if path is None or response.status_code in (405, 500):
        return
    document = _document(app)
    promised = document["paths"][path][response.request.method.lower()]["responses"]
    assert str(response.status_code) in promised, (response.request.method, path, response.status_code, response.text)
    content = promised[str(response.status_code)].get("content")
    if content is None:
        assert not response.data
        return
    assert response.mimetype in content, (path, response.mimetype)
    schema = content[response.mimetype]["schema"] | {"components": document["components"]}
    problems = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(response.json)
    assert not (found := [f"{each.json_path}: {each.message}" for each in problems]), (path, found)


def _template(app: Flask, path: str, method: str) -> str | None:
    try:
        rule, _ = app.url_map.bind("localhost").match(path, method=method, return_rule=True)
    except HTTPException:
        return None
    if not rule.rule.startswith(PREFIX) or rule.endpoint.startswith("api_document"):
        return None
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


@lru_cache(maxsize=4)
def _document(app: Flask) -> dict[str, Any]:
    return app.test_client().get(f"{PREFIX}/openapi.json").json
