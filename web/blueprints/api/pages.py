"""Lists, a page at a time. A cursor says where the last page ended; what it says is nobody's business."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, create_model
from sqlalchemy import Select

from domain.errors import Unacceptable
from models.database import db
from web.blueprints.api.noun import Reply
from web.blueprints.api.shapes import LARGEST_ID, Answer, Body

DEFAULT, MOST = 50, 500

Row = TypeVar("Row")


def _digits(text: Any) -> Any:
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    raise ValueError(f"Give a whole number from 1 to {MOST}.")


class Page(Body):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=MOST)] = DEFAULT
    cursor: Annotated[str, Field(min_length=1, max_length=200, description="`next` of the page before.")] = None  # type: ignore[assignment]

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Without examples: those of a parameter are written another way."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
            field.pop("examples", None)
        return schema


def listing(item: type[Answer]) -> type[Answer]:
    """The shape of a page of such items."""
    following = (str | None, Field(description="The cursor of the next page; null on the last one."))
    return create_model(f"{item.__name__}Page", __base__=Answer, items=(list[item], ...), next=following)  # type: ignore[call-overload, valid-type]


def by_id(
    query: Select[Any],
    column: Any,
    page: Page,
    as_items: Callable[[Sequence[Any]], list[dict[str, Any]]],
    *,
    newest_first: bool = True,
) -> Reply:
    """One page of the rows of `query`, in the order of their numbers."""
    if page.cursor is not None:
        last = row_id(decode(page.cursor))
        query = query.where(column < last if newest_first else column > last)
    rows = db.session.execute(query.order_by(column.desc() if newest_first else column).limit(page.limit + 1)).all()
    rows = [row[0] if len(row) == 1 else row for row in rows]
    following = encode(_number(rows[page.limit - 1])) if len(rows) > page.limit else None
    return Reply(200, {"items": as_items(rows[: page.limit]), "next": following})


def encode(place: object) -> str:
    """The cursor after this place in a list."""
    return base64.urlsafe_b64encode(f"after {place}".encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """The place inside. Raises `Unacceptable` for what is no cursor of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise bad_cursor() from None
    place = text.removeprefix("after ")
    if encode(place) != cursor:
        raise bad_cursor()
    return place


def row_id(text: str) -> int:
    """A row's number out of a cursor."""
    if not text.isdigit() or int(text) > LARGEST_ID:
        raise bad_cursor()
    return int(text)


def bad_cursor() -> Unacceptable:
    """What to answer when a cursor is none of this list."""
    return Unacceptable.at("cursor", "This is no cursor of this list. Start without one.")


def _number(row: Any) -> int:
    return row.id if hasattr(row, "id") else row[0].id
