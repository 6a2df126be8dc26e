"""The shapes that requests and answers are made of, said once for reading and for the documentation."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

AMOUNT = r"^\d{1,12}(\.\d{1,4})?$"
SIGNED_AMOUNT = r"^-?\d{1,12}(\.\d{1,4})?$"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
OLDEST_YEAR, LATEST_YEAR = 1900, 2999
LARGEST_NUMBER = 2**53 - 1
LARGEST_POINTS = 10**9
LARGEST_ID = 2**63 - 1


class _Shape(BaseModel):
    """Absent is not null: a default of nothing is not told as one."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema = handler(core_schema)
        for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
            if field.get("default", ...) is None:
                del field["default"]
        return schema


class Body(_Shape):
    """What a request carries: fields of exactly these types, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Only the fields that stood in the request."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Answer(_Shape):
    """What an answer carries."""

    model_config = ConfigDict(extra="forbid")


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Write this on one line, without control characters.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("Write something here.")
    return text


def _amount(text: str) -> str:
    if not (text.isascii() and re.fullmatch(AMOUNT, text)):
        raise ValueError('Write amounts as text, like "12.50"; never below zero.')
    return text


def _signed_amount(text: str) -> str:
    return text if text.startswith("-") and _amount(text[1:]) else _amount(text)


def read_instant(text: Any) -> datetime:
    """An RFC 3339 instant with an offset, as aware UTC. Raises `ValueError`."""
    if not isinstance(text, str) or not text.isascii() or not INSTANT.fullmatch(text):
        raise ValueError("Write instants with an offset, like 2026-03-04T12:00:00+01:00.")
    try:
        instant = datetime.fromisoformat(text.upper().replace(" ", "T"))
        instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant.") from None
    return _within_range(instant)


def _day(text: Any) -> date:
    if not isinstance(text, str) or not text.isascii() or not DAY.fullmatch(text):
        raise ValueError("Write days like 1990-12-31.")
    try:
        return _within_range(date.fromisoformat(text))
    except ValueError:
        raise ValueError("There is no such day.") from None


def _within_range(value: Any) -> Any:
    if not OLDEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"Give a year from {OLDEST_YEAR} to {LATEST_YEAR}.")
    return value


Line = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line), AfterValidator(_not_blank)]
ExternalId = Annotated[
    str,
    Field(min_length=1, max_length=255, description="The caller's own identifier."),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
]
Amount = Annotated[
    str,
    AfterValidator(_amount),
    Field(json_schema_extra={"pattern": AMOUNT}, description="In major units.", examples=["12.50"]),
]
SignedAmount = Annotated[
    str,
    AfterValidator(_signed_amount),
    Field(json_schema_extra={"pattern": SIGNED_AMOUNT}, description="In major units.", examples=["8.40"]),
]
Money = Annotated[str, Field(description="In major units, with the currency's own decimals.", examples=["12.50"])]
CurrencyOfMoney = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]
PointCurrency = Annotated[str, Field(max_length=32, pattern=r"^[a-z][a-z0-9_]*$", examples=["points"])]
Instant = Annotated[datetime, BeforeValidator(read_instant), Field(examples=["2026-03-04T12:00:00+01:00"])]
Day = Annotated[date, BeforeValidator(_day), Field(examples=["1990-12-31"])]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Points = Annotated[int, Field(ge=0, le=LARGEST_POINTS)]
Scalar = (
    Annotated[str, Field(max_length=4096)]
    | bool
    | Annotated[int, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | None
)


class MemberReference(Body):
    """Who is meant, in one way."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    external_id: ExternalId = None  # type: ignore[assignment] (absent, never null)
    email: Annotated[str, Field(min_length=3, max_length=254)] = None  # type: ignore[assignment]
    phone: Annotated[str, Field(min_length=3, max_length=40)] = None  # type: ignore[assignment]
    card: Annotated[str, Field(min_length=1, max_length=120)] = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _one_way(self) -> "MemberReference":
        if len(self.model_fields_set) != 1:
            raise ValueError("Name the member in exactly one way: external_id, email, phone or card.")
        return self


class Balance(Answer):
    """What a member has of one currency."""

    currency: str = Field(examples=["points"])
    available: int = Field(examples=[42], description="Below zero only when spent points were refunded.")
    pending: int = Field(examples=[3])


class FieldProblem(Answer):
    """What is wrong with one field."""

    path: str
    message: str


class Problem(Answer):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(default=[])
