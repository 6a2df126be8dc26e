"""Purchases written as rows of a file: neighbouring rows with one `external_id` are the items of one purchase."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain import money
from domain.audience import addresses
from domain.audience.imports import columns
from domain.audience.imports.columns import Columns
from domain.errors import FieldError, Refusal, Unacceptable
from domain.loyalty.sales import MemberRef, Sale, SaleItem
from domain.sentences import Sentence, say
from domain.tables import dates

MEMBER = {
    "member_external_id": "external_id",
    "member_email": "email",
    "member_phone": "phone",
    "member_card": "card",
}
OF_PURCHASE = ("amount", "currency", "occurred_at", "channel", "location", *MEMBER)
OF_ITEM = ("item_name", "item_category", "quantity", "item_amount")
COLUMNS = ("external_id", *OF_PURCHASE, *OF_ITEM)
DATES = ("occurred_at",)
REQUIRED = ("external_id", "amount", "occurred_at")
LONGEST = 255
UNREAD = datetime(1, 1, 1, tzinfo=UTC)  # stands in for a time that was refused

MISSING = say("This is missing.")
UNFIT = say("This is longer than %(most)s characters or holds unprintable ones.", most=LONGEST)
_WITH_COMMA = re.compile(r"(-?\d+),(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file: its number, and its cells by our names for the columns. Blank cells are ""."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file leaves unsaid: the café's money, country and zone. `dates`: the order of day and month, if known."""

    currency: str
    country: str
    zone: ZoneInfo
    dates: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that kept its purchase from being saved."""

    line: int
    column: str
    reason: Sentence


class RowsRefused(Exception):
    """The rows of one purchase cannot be understood."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__(f"{len(refused)} cells refused")
        self.refused = list(refused)


def assign(headers: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """The field of each column, as `columns.assign` finds it. Raises `Unacceptable` also when one is missing that every
    purchase needs."""
    found = columns.assign(headers, mapping, known=COLUMNS.__contains__)
    for name in REQUIRED:
        if name not in found.fields:
            raise Unacceptable(say("No column says the %(field)s of a purchase.", field=name))
    return found


def sale(rows: Sequence[Row], ground: Ground) -> Sale:
    """The purchase that these rows tell. Raises `RowsRefused` with every cell that is wrong."""
    reading = _Reading(rows, ground)
    currency = reading.cell("currency") or ground.currency
    told = Sale(
        external_id=reading.required("external_id"),
        member=reading.member(),
        amount_minor=reading.amount(rows[0], "amount", reading.required("amount"), currency),
        currency=currency,
        occurred_at=reading.instant("occurred_at"),
        channel=reading.cell("channel") or "pos",
        location=reading.cell("location") or None,
        items=reading.items(currency),
    )
    if reading.refused:
        raise RowsRefused(reading.refused)
    return told


def refused_by_rule(rows: Sequence[Row], refusal: Refusal) -> list[Refused]:
    """What the rules of loyalty refused, said in lines and columns of the file."""
    errors = refusal.errors or [FieldError("external_id", refusal.detail)]
    return [_in_file(rows, error) for error in errors]


def _in_file(rows: Sequence[Row], error: FieldError) -> Refused:
    parts = error.path.split(".")
    if parts[0] == "items" and len(parts) == 3:
        column = {"quantity": "quantity", "amount": "item_amount"}.get(parts[2], "item_name")
        return Refused(rows[int(parts[1])].line, column, Sentence(error.message))
    named = next((name for name in MEMBER if rows[0].cells.get(name)), "member_external_id")
    return Refused(rows[0].line, named if parts[0] == "member" else parts[0], Sentence(error.message))


class _Reading:
    """The rows of one purchase being read; what is wrong is collected, so that a person fixes a line once."""

    def __init__(self, rows: Sequence[Row], ground: Ground) -> None:
        self.rows = rows
        self.ground = ground
        self.refused: list[Refused] = []
        for row in rows:
            self._check_cells(row)

    def cell(self, column: str) -> str:
        return self.rows[0].cells.get(column, "")

    def required(self, column: str) -> str:
        value = self.cell(column)
        if not value:
            self.refuse(self.rows[0], column, MISSING)
        return value

    def refuse(self, row: Row, column: str, reason: Sentence) -> None:
        self.refused.append(Refused(row.line, column, reason))

    def member(self) -> MemberRef | None:
        named = [column for column in MEMBER if self.cell(column)]
        if len(named) > 1:
            self.refuse(self.rows[0], named[1], say("Name the member once; %(other)s does already.", other=named[0]))
        if not named:
            return None
        return self._reference(named[0])

    def _reference(self, column: str) -> MemberRef | None:
        value = self.cell(column)
        try:
            if column == "member_phone":
                value = addresses.phone(value, country=self.ground.country).number
        except Unacceptable as refusal:
            self.refuse(self.rows[0], column, refusal.detail)
            return None
        return MemberRef.of({MEMBER[column]: value})

    def amount(self, row: Row, column: str, typed: str, currency: str) -> int:
        if not typed:
            return 0  # said to be missing already
        try:
            if not money.is_currency(currency):
                raise Unacceptable(say("There is no currency %(currency)s.", currency=currency))
            return money.to_minor(_WITH_COMMA.sub(r"\1.\2", typed) if _WITH_COMMA.fullmatch(typed) else typed, currency)
        except Unacceptable as refusal:
            self.refuse(row, column, refusal.detail)
            return 0

    def instant(self, column: str) -> datetime:
        """RFC 3339, or the café's local time. A time that is skipped or comes twice is read with its first offset."""
        typed = self.required(column)
        try:
            return dates.instant(typed, self.ground.dates, self.ground.zone) if typed else UNREAD
        except Unacceptable as refusal:
            self.refuse(self.rows[0], column, refusal.detail)
            return UNREAD

    def items(self, currency: str) -> tuple[SaleItem, ...]:
        described = [row for row in self.rows if any(row.cells.get(column) for column in OF_ITEM)]
        if len(self.rows) == 1 and not described:
            return ()
        return tuple(self._item(row, currency) for row in self.rows)

    def _item(self, row: Row, currency: str) -> SaleItem:
        name, typed = row.cells.get("item_name", ""), row.cells.get("item_amount", "")
        if not name:
            self.refuse(row, "item_name", MISSING)
        if not typed:
            self.refuse(row, "item_amount", MISSING)
        return SaleItem(
            name=name,
            category=row.cells.get("item_category") or None,
            quantity=self._quantity(row),
            amount_minor=self.amount(row, "item_amount", typed, currency),
        )

    def _quantity(self, row: Row) -> Decimal:
        typed = row.cells.get("quantity", "").replace(",", ".")
        if typed and not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", typed):
            self.refuse(row, "quantity", say("This is not a quantity. Write it like 2."))
            return Decimal(1)
        return Decimal(typed or 1)

    def _check_cells(self, row: Row) -> None:
        for column, value in row.cells.items():
            if len(value) > LONGEST or not value.isprintable():
                self.refuse(row, column, UNFIT)
            elif row is not self.rows[0] and column in OF_PURCHASE and value not in ("", self.cell(column)):
                self.refuse(
                    row,
                    column,
                    say("Line %(line)s says something else about the same purchase.", line=self.rows[0].line),
                )
