"""Rows of a file as what they say about a member: every cell read, everything that is wrong told at once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.audience.imports import cells, columns
from domain.audience.imports.columns import ATTRIBUTE, CONSENTS, Columns
from domain.audience.imports.remarks import Remark
from domain.errors import Unacceptable
from domain.sentences import Sentence, say
from domain.tables import Line, dates

LARGEST_ATTRIBUTES = 16 * 1024
CLOCKS_DIFFER = timedelta(minutes=10)
EARLIEST_CONSENT = 2000
Said = tuple[str, str, bool, bool]  # channel, topic, a yes, and whether it is proven
FEW = 4096  # days that are remembered: many guests share them
NOT_PROVEN = say("A yes needs where and when it was said: this one was not saved.")
UNCLEAR = say("This is neither a yes nor a no, so it says nothing.")
NOBODY = say("This row names nobody: it needs a number, a card, a phone number or an e-mail address.")
TOO_MUCH = say("The fields of your own are longer than %(most)s characters together.", most=LARGEST_ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file leaves unsaid: the café's country and zone, and the order of day and month, where it is known."""

    country: str
    zone: ZoneInfo
    dates: str | None
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


class Staged(NamedTuple):
    """A row as it is laid down for merging."""

    row: int
    line: int
    external_id: str | None = None
    card: str | None = None
    phone: str | None = None
    phone_country: str | None = None
    phone_takes_texts: bool | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birthday: date | None = None
    joined_on: date | None = None
    locale: str | None = None
    timezone: str | None = None
    country: str | None = None
    attributes: str | None = None  # JSON, as the next two
    tags: str | None = None
    consents: str | None = None
    consent_source: str | None = None
    consent_at: datetime | None = None
    content: int | None = None  # the same for rows that say the same
    cells: str | None = None


@dataclass(slots=True)
class Reading:
    """What a row says: nothing when it is refused; and what is to be said about it. `unproven` is what is said about a
    yes without where and when, unless it was given long ago."""

    staged: Staged | None = None
    remarks: list[Remark] = field(default_factory=list)
    unproven: list[Remark] = field(default_factory=list)


class Reader:
    """Reads the rows of one file. With `keeps_cells` they are laid down as they stood, to be shown again."""

    def __init__(self, found: Columns, ground: Ground, *, keeps_cells: bool) -> None:
        self._ground = ground
        self._keeps_cells = keeps_cells
        self._plain = _positions(found, _readers(ground))
        self._attributes = [
            (at, name.removeprefix(ATTRIBUTE).strip(), name)
            for at, name in enumerate(found.fields)
            if name and name.startswith(ATTRIBUTE)
        ]
        self._consents = [(at, name) for at, name in enumerate(found.fields) if name in CONSENTS]
        self._at = {name: at for at, name in enumerate(found.fields) if name}
        self._consent_time = lru_cache(FEW)(self._read_consent_time)  # a whole list was often signed on one day

    def read(self, row: int, line: Line) -> Reading:
        """What row number `row` says."""
        reading = _RowReading(row, line, self._keeps_cells)
        if line.problem:
            reading.refuse("", line.problem)
            return reading.end()
        for at, name, read in self._plain:
            if text := line.cells[at]:
                reading.take(name, read, text)
        self._read_phone(reading)
        self._read_attributes(reading)
        self._read_consents(reading)
        if not any(reading.values.get(name) for name in columns.IDENTITY) and not reading.is_refused:
            reading.refuse("", NOBODY)
        return reading.end()

    def _read_phone(self, reading: "_RowReading") -> None:
        if text := self._cell(reading.line, "phone"):
            country = reading.values.get("country") or self._ground.country
            if phone := reading.tried("phone", partial(cells.phone, country=country), text):
                reading.values |= {
                    "phone": phone.number,
                    "phone_country": phone.country,
                    "phone_takes_texts": phone.takes_texts,
                }

    def _read_attributes(self, reading: "_RowReading") -> None:
        found = {}
        for at, own, name in self._attributes:
            if text := reading.line.cells[at]:
                found[own] = reading.tried(name, cells.attribute, text)
        if not found:
            return
        written = json.dumps(found, sort_keys=True, ensure_ascii=False)
        if len(written.encode()) > LARGEST_ATTRIBUTES:
            reading.refuse(self._attributes[0][2], TOO_MUCH)
        reading.values["attributes"] = written

    def _read_consents(self, reading: "_RowReading") -> None:
        told = [(name, text) for at, name in self._consents if (text := reading.line.cells[at])]
        if not told:
            return
        source, given_at = self._proof(reading)
        answers: list[Said] = []
        for name, text in told:
            answer = cells.yes_or_no(text)
            if answer is None:
                reading.warn(name, UNCLEAR)
                continue
            is_proven = not answer or bool(source and given_at)
            answers.append((*CONSENTS[name], answer, is_proven))
            if not is_proven:
                reading.doubt(name, NOT_PROVEN)
        if answers:
            written = _written(tuple(answers))
            reading.values |= {"consents": written, "consent_source": source, "consent_at": given_at}

    def _proof(self, reading: "_RowReading") -> tuple[str | None, datetime | None]:
        """Where and when the answers were given, as far as that can be understood."""
        source, given_at = None, None
        try:
            source = cells.line(self._cell(reading.line, "consent_source")) or None
        except Unacceptable as refusal:
            reading.warn("consent_source", refusal.detail)
        if text := self._cell(reading.line, "consent_at"):
            try:
                given_at = self._consent_time(text)
            except Unacceptable as refusal:
                reading.warn("consent_at", refusal.detail)
        return source, given_at

    def _read_consent_time(self, text: str) -> datetime:
        given_at = dates.instant(text, self._ground.dates, self._ground.zone)
        if given_at > self._ground.now + CLOCKS_DIFFER:
            raise Unacceptable(say("This is still to come."))
        if given_at.year < EARLIEST_CONSENT:
            raise Unacceptable(say("This is before the year %(year)s.", year=EARLIEST_CONSENT))
        return given_at

    def _cell(self, line: Line, name: str) -> str:
        at = self._at.get(name)
        return "" if at is None else line.cells[at]


class _RowReading:
    """One row while it is read."""

    def __init__(self, row: int, line: Line, keeps_cells: bool) -> None:
        self.row, self.line = row, line
        self.values: dict[str, Any] = {}
        self.is_refused = False
        self._told: list[tuple[str, Sentence, bool]] = []
        self._doubts: list[tuple[str, Sentence, bool]] = []
        self._keeps_cells = keeps_cells

    def take(self, name: str, read: Callable[[str], Any], text: str) -> None:
        self.values[name] = self.tried(name, read, text)

    def tried(self, name: str, read: Callable[[str], Any], text: str) -> Any:
        try:
            return read(text)
        except Unacceptable as refusal:
            self.refuse(name, refusal.detail)
            return None

    def refuse(self, name: str, sentence: Sentence) -> None:
        self.is_refused = True
        self._told.append((name, sentence, True))

    def warn(self, name: str, sentence: Sentence) -> None:
        self._told.append((name, sentence, False))

    def doubt(self, name: str, sentence: Sentence) -> None:
        self._doubts.append((name, sentence, False))

    def end(self) -> Reading:
        shown = list(self.line.cells) if self._keeps_cells else None
        if self.is_refused:
            told = [each for each in self._told if each[2]]  # what is not saved needs no warning
            return Reading(None, [Remark(self.row, self.line.number, *each, shown) for each in told])
        remarks, unproven = (
            [Remark(self.row, self.line.number, *each, shown) for each in told] for told in (self._told, self._doubts)
        )
        content = hash(tuple(self.values.items()))
        written = None if shown is None else json.dumps(shown, ensure_ascii=False)
        return Reading(
            Staged(self.row, self.line.number, **self.values, content=content, cells=written), remarks, unproven
        )


@lru_cache(maxsize=1024)
def _written(answers: tuple[Said, ...]) -> str:
    return json.dumps(answers)


def _readers(ground: Ground) -> dict[str, Callable[[str], Any]]:
    past = lru_cache(FEW)(partial(cells.past_day, order=ground.dates, today=ground.today))
    return {
        "external_id": cells.number,
        "card": cells.card,
        "email": cells.email,
        "first_name": cells.line,
        "last_name": cells.line,
        "birthday": past,
        "joined_on": past,
        "locale": cells.locale,
        "timezone": cells.timezone,
        "country": cells.country,
        "tags": lambda text: json.dumps(cells.tags(text), ensure_ascii=False),
    }


def _positions(
    found: Columns, readers: dict[str, Callable[[str], Any]]
) -> Sequence[tuple[int, str, Callable[[str], Any]]]:
    return [(at, name, readers[name]) for at, name in enumerate(found.fields) if name in readers]
