"""One noun of the API: its operations read strictly, answer once, and document themselves."""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any, NamedTuple

from flask import Response, g, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from models.database import db
from web.blueprints.api import auth, reading, replay
from web.blueprints.api.shapes import Problem

PREFIX = "/api/v1"
BEARER = "key"
WRITING = {"POST", "PUT", "PATCH"}
WORDS = {
    400: "Malformed",
    401: "No key, or one that opens nothing",
    403: "The key's scopes do not allow this",
    404: "Not there, or not yours",
    409: "Contradicts what already stands",
    413: "Too large",
    415: "Not the expected content type",
    422: "Understood, but not acceptable",
    429: "Too many requests",
}


class Reply(NamedTuple):
    """What an operation answers."""

    status: int
    body: dict[str, Any] | None


class IdempotencyKey(BaseModel):
    """Makes a repeated request harmless."""

    key: Annotated[
        str | None,
        Field(
            alias=replay.HEADER,
            min_length=1,
            max_length=255,
            description="For 24 hours the same key and content get the first answer again; other content gets 409.",
        ),
    ] = None


class Noun(APIBlueprint):
    """A room of the API. `operation` declares what one method of an address takes and answers."""

    def __init__(self, name: str, words: str) -> None:
        tag = Tag(name=name.replace("_", " "), description=words)
        super().__init__(f"api_{name}", __name__, url_prefix=PREFIX, abp_tags=[tag])

    def operation(
        self,
        method: str,
        rule: str,
        *,
        scopes: Sequence[str] = (),
        answers: dict[int, type[BaseModel] | None],
        refusals: Sequence[int] = (),
        **options: Any,
    ) -> Callable:
        """Declare a view: `path`, `query` and `body` of its signature are read for it; it returns a `Reply`.

        Any of `scopes` will do; none named: every key may. After a view that may write its session is committed.
        """

        def declare(view: Callable[..., Reply]) -> Callable[..., Reply]:
            if method == "POST":
                view.__annotations__["header"] = IdempotencyKey
            view.scopes = tuple(scopes)  # type: ignore[attr-defined]
            route = getattr(super(Noun, self), method.lower())
            responses = {**answers, **_problems(method, rule, refusals)}
            security = [{BEARER: list(scopes)}]
            return route(
                rule, responses=responses, security=security, operation_id=_operation_id(view, method), **options
            )(view)

        return declare

    def create_view_func(self, func: Callable[..., Reply], *parts: Any, **_: Any) -> Callable[..., Response]:
        """Our own door in the place of flask-openapi3's: strict, one commit, keys of idempotency."""
        _header, _cookie, path, query, _form, body, raw = parts

        @wraps(func)
        def view(**in_path: Any) -> Response:
            auth.enter(func.scopes)  # type: ignore[attr-defined]
            values: dict[str, Any] = {}
            if path:
                values["path"] = reading.path(path, in_path)
            if query:
                values["query"] = reading.query(query)
            if body:
                document = reading.json_object(reading.raw_body("application/json"))
                values["body"] = reading.as_model(body, document)
                content = canonical(document)
            elif raw:
                return func(raw=request, **values)  # reads, answers and commits in its own way
            else:
                content = b""
            return _answer(content, lambda: respond(func(**values)))

        func.view = view  # type: ignore[attr-defined] (flask-openapi3 looks for it there)
        return view


def _answer(content: bytes, work: Callable[[], Response]) -> Response:
    if request.method in ("GET", "HEAD"):
        return work()
    response = replay.once(content, work) if request.method == "POST" else work()
    commit()
    return response


def commit() -> None:
    """Commit what the request wrote, then do what waited for that."""
    db.session.commit()
    for nudge in g.pop("after_commit", []):
        nudge()


def after_commit(nudge: Callable[[], object]) -> None:
    """Call this once what the request wrote is committed."""
    g.setdefault("after_commit", []).append(nudge)


def respond(reply: Reply) -> Response:
    """The reply as it goes out."""
    body = "" if reply.body is None else dumps(reply.body)
    return Response(body, reply.status, mimetype="application/json")


def dumps(document: Any) -> str:
    """JSON without spaces to spare."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def canonical(document: Any) -> bytes:
    """The same bytes for the same content, whatever the order of its keys."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _operation_id(view: Callable[..., Any], method: str) -> str:
    noun = view.__module__.rsplit(".", 1)[-1]
    return f"{noun}_{view.__name__}".rstrip("_") if method else noun


def _problems(method: str, rule: str, more: Sequence[int]) -> dict[int, dict[str, Any]]:
    statuses = {400, 401, 403, 422, 429, *more}
    if "<" in rule:
        statuses.add(404)
    if method in WRITING:
        statuses |= {413, 415}
    if method == "POST":
        statuses.add(409)
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {"description": WORDS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in sorted(statuses)
    }
