"""What a request says, read strictly: the body, the query and the path as their models."""

from typing import Any, TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError

from domain.errors import FieldError, NotFound, Unacceptable
from web.blueprints.api import strict_json

LARGEST_BODY = 1024 * 1024
CREATING = ("PUT",)  # a path that names what is made is judged like a body

Model = TypeVar("Model", bound=BaseModel)


def raw_body(content_type: str, *, largest: int = LARGEST_BODY) -> bytes:
    """The body as it came. 415 for another content type, 413 when it is too large."""
    if request.mimetype != content_type:
        abort(415)
    request.max_content_length = largest
    return request.get_data(cache=False)


def json_object(raw: bytes) -> dict[str, Any]:
    """One JSON object. Raises `Malformed` for everything else."""
    document = strict_json.parse(raw)
    if not isinstance(document, dict):
        raise strict_json.Malformed("Send a JSON object.")
    return document


def as_model(model: type[Model], values: dict[str, Any]) -> Model:
    """The values as the model. Raises `Unacceptable` with every field that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error) from None


def query(model: type[Model]) -> Model:
    """The query as the model: no unknown parameter, none twice."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Unacceptable("A parameter stands twice.", [FieldError(name, "Give this once.") for name in twice])
    return as_model(model, request.args.to_dict())


def path(model: type[Model], values: dict[str, Any]) -> Model:
    """The path as the model. What cannot be an identifier is not there."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        if request.method in CREATING:
            raise refusal(error) from None
        raise NotFound("There is nothing here.") from None


def refusal(error: ValidationError) -> Unacceptable:
    """The model's complaints as one refusal."""
    fields = [
        FieldError(".".join(map(str, each["loc"])), _words(each)) for each in error.errors(include_url=False)[:100]
    ]
    return Unacceptable("Some fields are not acceptable.", fields)


def _words(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "There is no such field here."
    if problem["type"] == "missing":
        return "This field is needed."
    said = problem.get("ctx", {}).get("error")
    return str(said) if said else f"{problem['msg']}."
